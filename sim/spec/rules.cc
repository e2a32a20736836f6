#include "sim/spec/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "sim/spec/block_names.h"
#include "sim/spec/block_rules.h"
#include "sim/spec/fields.h"

namespace llmarch {
namespace {

void only_layer_norms_have_a_bias(const Norm& norm, const std::string& path, Problems& problems) {
  if (norm.kind == NormKind::layer || norm.without != NormOmission::bias) return;
  problems.push_back({path + ".without", "an rms norm has no bias that it could be without",
                      "delete 'without', or write without = \"weight_and_bias\""});
}

// A norm of the residual stream itself belongs to the sublayer.
void a_block_norm_stands_within_its_branch(const Norm& norm, const std::string& path,
                                           Problems& problems) {
  const bool of_the_stream = norm.placement == NormPlacement::after_residual ||
                             norm.placement == NormPlacement::before_residual;
  if (!of_the_stream) return;
  problems.push_back({path + ".placement",
                      fmt::format("a block's norm cannot be placed {}", name_of(norm.placement)),
                      "use before, after or before_and_after, or give the norm to the sublayer"});
}

void a_block_is_a_mixer_or_a_feed_forward(const SublayerBlock& block, const std::string& path,
                                          Problems& problems) {
  if (block.attention.has_value() != block.feed_forward.has_value()) return;
  problems.push_back({path,
                      block.attention ? "a block names both attention and feed_forward"
                                      : "a block names neither attention nor feed_forward",
                      "a block is one of the two; blocks side by side are entries of 'blocks'"});
}

void block_rules(const SublayerBlock& block, const std::string& path, Problems& problems) {
  a_block_is_a_mixer_or_a_feed_forward(block, path, problems);
  if (!block.norm) return;
  only_layer_norms_have_a_bias(*block.norm, path + ".norm", problems);
  a_block_norm_stands_within_its_branch(*block.norm, path + ".norm", problems);
}

// `following` sublayers come after this one.
void a_delayed_block_is_added_within_its_layer(const SublayerBlock& block, Integer following,
                                               const std::string& path, Problems& problems) {
  if (!block.delay || *block.delay <= following) return;
  problems.push_back({path + ".delay",
                      fmt::format("delay = {}, and {} sublayers follow in this layer",
                                  block.delay->value(), following.value()),
                      "the output is added after one of them: lower 'delay'"});
}

void a_sublayer_adds_a_block_of_its_own(const Sublayer& sublayer, const std::string& path,
                                        Problems& problems) {
  const auto delayed = [](const SublayerBlock& block) { return block.delay.has_value(); };
  if (!std::ranges::all_of(sublayer.blocks, delayed)) return;
  problems.push_back({path + ".blocks",
                      sublayer.blocks.empty() ? "the sublayer has no blocks"
                                              : "every block of the sublayer is delayed",
                      "a sublayer adds at least one block at once"});
}

void sublayer_rules(const std::vector<Sublayer>& sublayers, const std::string& path,
                    Problems& problems) {
  for (std::size_t i = 0; i < sublayers.size(); ++i) {
    const std::string sublayer_path = fmt::format("{}.sublayers.{}", path, i);
    const Sublayer& sublayer = sublayers[i];
    if (sublayer.norm) {
      only_layer_norms_have_a_bias(*sublayer.norm, sublayer_path + ".norm", problems);
    }
    a_sublayer_adds_a_block_of_its_own(sublayer, sublayer_path, problems);
    const Integer following = std::ssize(sublayers) - static_cast<std::int64_t>(i) - 1;
    for (std::size_t k = 0; k < sublayer.blocks.size(); ++k) {
      const std::string block_path = fmt::format("{}.blocks.{}", sublayer_path, k);
      block_rules(sublayer.blocks[k], block_path, problems);
      a_delayed_block_is_added_within_its_layer(sublayer.blocks[k], following, block_path,
                                                problems);
    }
  }
}

void layer_rules(const Layer& layer, const std::string& path, Problems& problems) {
  const bool in_short = layer.attention || layer.feed_forward;
  const bool in_full = layer.sublayers && !layer.sublayers->empty();
  if (in_short && layer.sublayers) {
    problems.push_back({path + ".sublayers", "'sublayers' stands beside attention or feed_forward",
                        "these two are sublayers in short: name them within 'sublayers' instead"});
  } else if (!in_short && !in_full) {
    problems.push_back({path, "the layer does nothing",
                        "add 'attention', 'feed_forward' or both, or list 'sublayers'"});
  }
  if (layer.sublayers) sublayer_rules(*layer.sublayers, path, problems);
}

void the_stack_has_layers(const ArchSpec& spec, Problems& problems) {
  const Integer layers = layer_count(spec);
  if (layers == 0) {
    problems.push_back({"stack", "the stack is empty",
                        "name the layers in order: [[stack]] with layers = [\"NAME\"] and repeat"});
  } else if (layers > kMostLayers) {
    problems.push_back({"stack",
                        fmt::format("the stack has {} layers, and may have at most {}",
                                    layers.value(), kMostLayers),
                        "check each 'repeat'"});
  }
}

void every_context_has_a_position(const ArchSpec& spec, Problems& problems) {
  if (!spec.learned_positions || !known(*spec.learned_positions)) return;
  const Integer offset = spec.position_offset.value_or(0);
  if (*spec.learned_positions >= spec.context_limit + offset) return;
  problems.push_back(
      {"learned_positions",
       fmt::format("{} learned positions do not reach the context limit of {}{}",
                   spec.learned_positions->value(), spec.context_limit.value(),
                   offset == 0 ? "" : fmt::format(" from row {} on", offset.value())),
       "a learned table has a row for every position: add rows or lower context_limit"});
}

void an_offset_is_into_a_table(const ArchSpec& spec, Problems& problems) {
  if (!spec.position_offset || spec.learned_positions) return;
  problems.push_back({"position_offset", "position_offset is given without learned_positions",
                      "there is no table: add learned_positions or delete the offset"});
}

void labels_have_a_head_of_their_own(const ArchSpec& spec, Problems& problems) {
  if (!spec.head_labels || spec.head == Head::separate) return;
  problems.push_back({"head_labels", "head_labels is given, and the head is not separate",
                      "their head is no table of tokens: set head = \"separate\""});
}

void what_changes_logits_has_a_head(const ArchSpec& spec, Problems& problems) {
  if (spec.head != Head::none) return;
  const auto refuse = [&](bool given, const std::string& key, const char* remedy) {
    if (given) problems.push_back({key, key + " is given, and there is no head", remedy});
  };
  refuse(spec.head_bias, "head_bias", "the bias is a part of the head: delete it");
  refuse(spec.logit_multiplier.has_value(), "logit_multiplier",
         "nothing is left to multiply: delete it");
  refuse(spec.logit_soft_cap.has_value(), "logit_soft_cap", "nothing is left to cap: delete it");
}

void the_active_stream_exists(const ArchSpec& spec, Problems& problems) {
  if (!spec.parallel_streams || !known(spec.parallel_streams->count)) return;
  const auto& [count, active, clip] = *spec.parallel_streams;
  if (active < count) return;
  problems.push_back(
      {"parallel_streams.active",
       fmt::format("active = {} is not among {} streams", active.value(), count.value()),
       fmt::format("streams are counted from 0: at most {}", count.value() - 1)});
}

// Whether the loader found what the reference names; where it did not, that is reported elsewhere.
template <class Value>
bool resolves(const Reference& reference, const std::vector<Named<Value>>& definitions) {
  return reference.index < definitions.size() &&
         definitions[reference.index].name == reference.name;
}

// The mixer reads the cache of the attention `from`.
void a_cache_is_shared_as_it_is(const ArchSpec& spec, const Mixer& mixer, const Reference& from,
                                const std::string& path, Problems& problems) {
  if (!resolves(from, spec.attention)) return;
  const auto* sharing = std::get_if<GroupedAttention>(&mixer);
  const auto* owner = std::get_if<GroupedAttention>(&spec.attention[from.index].value);
  const auto refuse = [&](std::string message, std::string remedy) {
    problems.push_back({path + ".kv_from", std::move(message), std::move(remedy)});
  };
  if (sharing == nullptr || owner == nullptr) {
    return refuse(
        fmt::format("attention '{}' is not grouped, and its cache cannot be shared", from.name),
        "name an attention of kind 'grouped'");
  }
  if (owner->kv_from) {
    return refuse(fmt::format("attention '{}' has no cache of its own", from.name),
                  fmt::format("name the one that it reads: '{}'", owner->kv_from->name));
  }
  const auto shape = [](const GroupedAttention& attention) {
    return std::tuple(attention.kv_heads, attention.head_dim, value_width(attention),
                      attention.window, attention.chunk);
  };
  if (shape(*sharing) == shape(*owner)) return;
  refuse(fmt::format("kv_heads, head_dim, value_head_dim, window or chunk differ from those of "
                     "attention '{}'",
                     from.name),
         "a cache is read as it was filled: make them equal");
}

// Where the layer names the mixer.
std::string path_of_mixer(const Named<Layer>& layer, std::size_t mixer) {
  std::string found;
  visit_block_names(
      layer.value, "layer." + layer.name,
      [&](const Reference& name, const std::string& path) {
        if (name.index == mixer) found = path;
      },
      [](const Reference&, const std::string&) {});
  return found;
}

std::optional<Problem> unowned_cache(const ArchSpec& spec, const CacheSharing& sharing,
                                     const Named<Layer>& layer) {
  if (sharing.owner) return std::nullopt;
  const auto owner = shared_attention(spec.attention.at(sharing.mixer).value);
  return Problem{path_of_mixer(layer, sharing.mixer),
                 fmt::format("layer {} reads the cache of attention '{}', and no layer before it "
                             "has that",
                             sharing.layer + 1, spec.attention.at(*owner).name),
                 "put such a layer before it in the stack"};
}

// The blocks that the index of a mixer chooses, and the blocks that a mixer takes from another's.
struct Indexed {
  std::optional<Integer> chooses, takes;
};
Indexed indexed(const GroupedAttention& attention) {
  // A choice for each key/value head, which latent attention cannot take.
  return {attention.block_index ? std::optional(Integer(0)) : std::nullopt, std::nullopt};
}
Indexed indexed(const LatentAttention& attention) {
  return attention.key_index ? Indexed{attention.chosen_keys, std::nullopt}
                             : Indexed{std::nullopt, attention.chosen_keys};
}
Indexed indexed(const StateMixer auto&) {
  return {};
}

Indexed indexed_of(const Mixer& mixer) {
  return std::visit([](const auto& each) { return indexed(each); }, mixer);
}

// A mixer that takes the choice of an earlier index attends to as many keys as that chose.
void a_choice_is_taken_as_it_was_made(const ArchSpec& spec, Problems& problems) {
  if (layer_count(spec) > kMostLayers) return;
  std::optional<Integer> newest;
  std::set<std::size_t> refused;
  for (const std::size_t kind : layer_sequence(spec)) {
    for (const std::size_t mixer : mixers_of(spec.layer.at(kind).value)) {
      const auto [chooses, takes] = indexed_of(spec.attention.at(mixer).value);
      if (chooses) newest = chooses;
      if (!takes || newest == takes || !refused.insert(kind).second) continue;
      problems.push_back(
          {path_of_mixer(spec.layer[kind], mixer),
           newest
               ? fmt::format("the newest index before this attention does not choose its {} keys",
                             takes->value())
               : "no layer before this one has an index",
           "put a layer whose key_index chooses as many keys before it, or give it a key_index"});
    }
  }
}

// A layer that shares a cache comes after its owner, and all layers of its kind share with owners
// of one kind.
void shared_caches_have_one_owner(const ArchSpec& spec, Problems& problems) {
  if (layer_count(spec) > kMostLayers) return;
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> owner_kind;  // of kind and mixer
  std::set<std::size_t> refused;
  for (const CacheSharing& sharing : shared_caches(spec)) {
    const std::size_t kind = kinds[sharing.layer];
    const Named<Layer>& layer = spec.layer.at(kind);
    if (refused.contains(kind)) continue;
    if (auto problem = unowned_cache(spec, sharing, layer)) {
      problems.push_back(std::move(*problem));
    } else if (const auto owner = kinds[*sharing.owner];
               owner_kind.try_emplace({kind, sharing.mixer}, owner).first->second != owner) {
      problems.push_back(
          {path_of_mixer(layer, sharing.mixer),
           fmt::format("layers of kind '{}' read the caches of layers of different kinds",
                       layer.name),
           "define a kind of layer for each"});
    } else {
      continue;
    }
    refused.insert(kind);
  }
}

// Whether every name in the layers, the stack and kv_from was found. Where one was not, that is
// reported, and who owns a cache cannot be said.
bool resolved(const ArchSpec& spec) {
  bool all = true;
  for (const auto& [name, layer] : spec.layer) {
    visit_block_names(
        layer, name,
        [&](const Reference& attention, const std::string&) {
          all = all && resolves(attention, spec.attention);
        },
        [](const Reference&, const std::string&) {});
  }
  for (const Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) all = all && resolves(layer, spec.layer);
  }
  return all;
}

void sharing_rules(const ArchSpec& spec, Problems& problems) {
  bool sound = resolved(spec);
  for (const auto& [name, mixer] : spec.attention) {
    const Reference* const owner = cache_owner(mixer);
    if (owner == nullptr) continue;
    const std::size_t before = problems.size();
    a_cache_is_shared_as_it_is(spec, mixer, *owner, "attention." + name, problems);
    sound = sound && problems.size() == before && resolves(*owner, spec.attention);
  }
  if (sound) shared_caches_have_one_owner(spec, problems);
  if (sound) a_choice_is_taken_as_it_was_made(spec, problems);
}

// What of the model a prediction layer would have is not known.
std::optional<std::string> what_has_no_prediction_layers(const ArchSpec& spec) {
  if (spec.head == Head::none) return "no head";
  if (spec.parallel_streams) return "parallel_streams";
  if (spec.per_layer_embedding) return "per_layer_embedding";
  if (spec.learned_positions) return "learned_positions";
  const std::vector<std::size_t> layers = layer_sequence(spec);
  for (const std::size_t mixer : mixers_of(spec.layer.at(layers.back()).value)) {
    if (indexed_of(spec.attention.at(mixer).value).takes) {
      return "a last layer that takes the choice of another's index";
    }
  }
  const std::vector<CacheSharing> shared = shared_caches(spec);
  const bool sharing = std::ranges::any_of(
      shared, [&](const CacheSharing& each) { return each.layer == layers.size() - 1; });
  return sharing ? std::optional<std::string>("a last layer that reads another's cache")
                 : std::nullopt;
}

void prediction_layers_are_like_the_last(const ArchSpec& spec, Problems& problems) {
  if (!spec.beside || !spec.beside->prediction_layers) return;
  if (!resolved(spec) || layer_count(spec) == 0 || layer_count(spec) > kMostLayers) return;
  const std::optional<std::string> hindrance = what_has_no_prediction_layers(spec);
  if (!hindrance) return;
  problems.push_back(
      {"beside.prediction_layers",
       fmt::format("the model has prediction layers, and {}; no such model is known", *hindrance),
       "delete prediction_layers: count their parameters in published.beside_text"});
}

using References = std::vector<const Reference*>;

template <class Value>
bool all_resolve(const References& references, const std::vector<Named<Value>>& definitions) {
  std::set<std::string> defined;
  for (const auto& [name, value] : definitions) defined.insert(name);
  return std::all_of(references.begin(), references.end(),
                     [&](const Reference* reference) { return defined.contains(reference->name); });
}

// A reference that could not be read, or that names nothing, may have meant any of them; then none
// is called unused. So it is where there are no references at all: what holds them is missing.
template <class Value>
void every_definition_is_used(const std::vector<Named<Value>>& definitions, const char* table,
                              const char* user, const References& references, Problems& problems) {
  if (references.empty() || !all_resolve(references, definitions)) return;
  std::set<std::string> used;
  for (const Reference* reference : references) used.insert(reference->name);
  for (const auto& [name, value] : definitions) {
    if (used.contains(name)) continue;
    problems.push_back({fmt::format("{}.{}", table, name),
                        fmt::format("{} '{}' is defined and never used", table, name),
                        fmt::format("name it in {}, or delete it", user)});
  }
}

void every_kind_is_used(const ArchSpec& spec, Problems& problems) {
  const Reference unread{};  // stands for the layers of a segment that lists none, and the like
  References attention;
  References feed_forward;
  References layers;
  const auto note_in = [](References& references) {
    return
        [&references](const Reference& name, const std::string&) { references.push_back(&name); };
  };
  for (const auto& [name, layer] : spec.layer) {
    const std::size_t before = attention.size() + feed_forward.size();
    visit_block_names(layer, name, note_in(attention), note_in(feed_forward));
    if (attention.size() + feed_forward.size() > before) continue;
    attention.push_back(&unread);
    feed_forward.push_back(&unread);
  }
  for (const Segment& segment : spec.stack) {
    if (segment.layers.empty()) layers.push_back(&unread);
    for (const Reference& layer : segment.layers) layers.push_back(&layer);
  }
  every_definition_is_used(spec.attention, "attention", "a [layer.NAME] table", attention,
                           problems);
  every_definition_is_used(spec.feed_forward, "feed_forward", "a [layer.NAME] table", feed_forward,
                           problems);
  every_definition_is_used(spec.layer, "layer", "the stack", layers, problems);
}

}  // namespace

std::vector<Problem> broken_rules(const ArchSpec& spec) {
  Problems problems;
  for (const auto& [name, mixer] : spec.attention) {
    mixer_rules(mixer, "attention." + name, problems);
  }
  for (const auto& [name, feed_forward] : spec.feed_forward) {
    feed_forward_rules(feed_forward, "feed_forward." + name, problems);
  }
  only_layer_norms_have_a_bias(spec.norm, "norm", problems);
  for (const auto& [name, layer] : spec.layer) layer_rules(layer, "layer." + name, problems);
  the_stack_has_layers(spec, problems);
  every_context_has_a_position(spec, problems);
  an_offset_is_into_a_table(spec, problems);
  labels_have_a_head_of_their_own(spec, problems);
  what_changes_logits_has_a_head(spec, problems);
  the_active_stream_exists(spec, problems);
  sharing_rules(spec, problems);
  prediction_layers_are_like_the_last(spec, problems);
  every_kind_is_used(spec, problems);
  return problems;
}

}  // namespace llmarch
