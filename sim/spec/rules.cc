#include "sim/spec/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "sim/spec/block_names.h"
#include "sim/spec/block_rules.h"
#include "sim/spec/fields.h"
#include "sim/spec/sharing_rules.h"

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

// On the command line a '/' makes a name a path, and a '+' begins a change.
bool can_be_typed(const std::string& name) {
  return std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

void other_names_are_names(const ArchSpec& spec, Problems& problems) {
  std::set<std::string> known{spec.name};
  for (const std::string& name : other_names(spec)) {
    if (!known.insert(name).second) {
      problems.push_back({"also", fmt::format("'also' repeats the name '{}'", name),
                          "name each of the other models once"});
    } else if (!can_be_typed(name)) {
      problems.push_back({"also", fmt::format("'also' holds '{}', which is no name", name),
                          "a name is made of letters, digits, '-', '_' and '.'"});
    }
  }
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

void an_omission_is_of_a_norm(const ArchSpec& spec, Problems& problems) {
  if (!spec.embedding_norm_without) return;
  if (spec.embedding_norm) {
    Norm norm = spec.norm;
    norm.without = spec.embedding_norm_without;
    return only_layer_norms_have_a_bias(norm, "embedding_norm", problems);
  }
  problems.push_back({"embedding_norm_without",
                      "embedding_norm_without is given without embedding_norm",
                      "there is no norm: add embedding_norm = true or delete the key"});
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

// The fields of a spec that make what the layers pass on more than one vector.
void one_kind_of_streams(const ArchSpec& spec, Problems& problems) {
  std::vector<std::string> given;
  if (spec.parallel_streams) given.emplace_back("parallel_streams");
  if (spec.hyper_connections) given.emplace_back("hyper_connections");
  if (spec.residual_block) given.emplace_back("residual_block");
  if (given.size() < 2) return;
  problems.push_back({given[1], fmt::format("{} and {} are both given", given[0], given[1]),
                      "each says what the residual stream is: keep one of them"});
}

// What changes how a sublayer is added to a residual stream of one vector.
void sublayers_add_to_streams_alike(const ArchSpec& spec, Problems& problems) {
  if (!spec.hyper_connections && !spec.residual_block) return;
  const std::string streams = spec.hyper_connections ? "hyper_connections" : "residual_block";
  const auto refuse_if = [&](bool given, const std::string& path, const std::string& key) {
    if (!given) return;
    problems.push_back({path + key, fmt::format("{} is given beside {}", key, streams),
                        "no model has both: delete one of the two"});
  };
  refuse_if(spec.per_layer_embedding.has_value(), "", "per_layer_embedding");
  refuse_if(spec.low_rank_residual.has_value(), "", "low_rank_residual");
  refuse_if(spec.layer_scale, "", "layer_scale");
  const auto stands_within = [](const Norm& norm) {
    return norm.placement != NormPlacement::after_residual &&
           norm.placement != NormPlacement::before_residual;
  };
  refuse_if(!stands_within(spec.norm), "", "norm");
  for (const auto& [name, mixer] : spec.attention) {
    refuse_if(cache_owner(mixer) != nullptr, "attention." + name + ".", "kv_from");
  }
  for (const auto& [name, layer] : spec.layer) {
    for (const Sublayer& sublayer : sublayers_of(layer)) {
      const std::string path = "layer." + name + ".";
      refuse_if(sublayer.norm && !stands_within(*sublayer.norm), path, "norm");
      refuse_if(sublayer.stream_multiplier.has_value(), path, "stream_multiplier");
      for (const SublayerBlock& block : sublayer.blocks) {
        refuse_if(block.delay.has_value(), path, "delay");
      }
    }
  }
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
  if (spec.beside && spec.beside->prediction_layer) {
    attention.push_back(&spec.beside->prediction_layer->attention);
    feed_forward.push_back(&spec.beside->prediction_layer->feed_forward);
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
  other_names_are_names(spec, problems);
  the_stack_has_layers(spec, problems);
  every_context_has_a_position(spec, problems);
  an_offset_is_into_a_table(spec, problems);
  an_omission_is_of_a_norm(spec, problems);
  labels_have_a_head_of_their_own(spec, problems);
  what_changes_logits_has_a_head(spec, problems);
  the_active_stream_exists(spec, problems);
  one_kind_of_streams(spec, problems);
  sublayers_add_to_streams_alike(spec, problems);
  sharing_rules(spec, problems);
  prediction_layers_are_known(spec, problems);
  every_kind_is_used(spec, problems);
  return problems;
}

}  // namespace llmarch
