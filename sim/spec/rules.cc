#include "sim/spec/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "sim/spec/fields.h"

namespace llmarch {
namespace {

using Problems = std::vector<Problem>;

// Sizes begin at 1 and real numbers above 0. A loader that could not read one leaves 0 there and
// has said so; the rules pass over it, so that every other problem of the file is found in the same
// run.
template <class... Sizes>
bool known(const Sizes&... sizes) {
  return ((sizes != 0) && ...);
}

void kv_heads_divide_query_heads(const GroupedAttention& attention, const std::string& path,
                                 Problems& problems) {
  if (!known(attention.query_heads, attention.kv_heads)) return;
  if (attention.query_heads % attention.kv_heads == 0) return;
  problems.push_back({path + ".kv_heads",
                      fmt::format("{} kv_heads do not divide {} query_heads",
                                  attention.kv_heads.value(), attention.query_heads.value()),
                      "each key/value head serves the same number of query heads"});
}

void rotated_width_is_even(Integer width, const std::string& path, const char* key,
                           Problems& problems) {
  if (width % 2 == 0) return;
  problems.push_back({fmt::format("{}.{}", path, key),
                      fmt::format("{} = {} cannot be rotated in pairs", key, width.value()),
                      "rotary positions turn pairs of elements: use an even width"});
}

void scaling_is_ordered(const LinearScaling&, const std::string&, Problems&) {
  // One number alone contradicts nothing.
}

void scaling_is_ordered(const Llama3Scaling& scaling, const std::string& path, Problems& problems) {
  if (!known(scaling.low_frequency_factor, scaling.high_frequency_factor)) return;
  if (scaling.low_frequency_factor <= scaling.high_frequency_factor) return;
  problems.push_back({path + ".low_frequency_factor",
                      "low_frequency_factor is above high_frequency_factor",
                      "waves longer than original_context / low_frequency_factor are slowed, "
                      "those shorter than original_context / high_frequency_factor kept"});
}

void scaling_is_ordered(const YarnScaling& scaling, const std::string& path, Problems& problems) {
  if (!known(scaling.beta_slow, scaling.beta_fast)) return;
  if (scaling.beta_slow <= scaling.beta_fast) return;
  problems.push_back({path + ".beta_slow", "beta_slow is above beta_fast",
                      "waves that turn more than beta_fast times are kept, "
                      "those that turn less than beta_slow times slowed"});
}

void rotary_rules(const Rotary& rotary, const std::string& path, Problems& problems) {
  if (!rotary.scaling) return;
  std::visit([&](const auto& scaling) { scaling_is_ordered(scaling, path + ".scaling", problems); },
             *rotary.scaling);
}

void reach_is_one(const GroupedAttention& attention, const std::string& path, Problems& problems) {
  if (!attention.window || !attention.chunk) return;
  problems.push_back({path + ".chunk", "window and chunk are both given",
                      "a query meets the newest keys, or those of its chunk: keep one of the two"});
}

void the_turned_part_is_within_a_head(const GroupedAttention& attention, const std::string& path,
                                      Problems& problems) {
  const std::optional<Integer> dim = attention.rotary->dim;
  if (!dim) return rotated_width_is_even(attention.head_dim, path, "head_dim", problems);
  rotated_width_is_even(*dim, path + ".rotary", "dim", problems);
  if (!known(attention.head_dim) || *dim <= attention.head_dim) return;
  problems.push_back(
      {path + ".rotary.dim",
       fmt::format("dim = {} is more than head_dim = {}", dim->value(), attention.head_dim.value()),
       "a head turns some or all of its elements"});
}

void shared_values_are_not_normalised_again(const GroupedAttention& attention,
                                            const std::string& path, Problems& problems) {
  if (!attention.kv_from || !attention.value_norm) return;
  problems.push_back(
      {path + ".value_norm", "value_norm is given beside kv_from",
       "the values come from another layer's cache: state it there, delete it here"});
}

void attention_rules(const GroupedAttention& attention, const std::string& path,
                     Problems& problems) {
  reach_is_one(attention, path, problems);
  kv_heads_divide_query_heads(attention, path, problems);
  shared_values_are_not_normalised_again(attention, path, problems);
  if (!attention.rotary) return;
  the_turned_part_is_within_a_head(attention, path, problems);
  rotary_rules(*attention.rotary, path + ".rotary", problems);
}

void attention_rules(const LatentAttention& attention, const std::string& path,
                     Problems& problems) {
  rotated_width_is_even(attention.rope_head_dim, path, "rope_head_dim", problems);
  if (attention.rotary.dim) {
    problems.push_back({path + ".rotary.dim", "latent attention has no rotary.dim",
                        "rope_head_dim says which part of a head is turned: delete dim"});
  }
  rotary_rules(attention.rotary, path + ".rotary", problems);
}

void chosen_experts_exist(const MixtureFeedForward& mixture, const std::string& path,
                          Problems& problems) {
  if (!known(mixture.experts) || mixture.experts_per_token <= mixture.experts) return;
  problems.push_back({path + ".experts_per_token",
                      fmt::format("experts_per_token = {} is more than experts = {}",
                                  mixture.experts_per_token.value(), mixture.experts.value()),
                      "a token runs an expert once"});
}

void a_gate_has_shared_experts(const MixtureFeedForward& mixture, const std::string& path,
                               Problems& problems) {
  if (!mixture.shared_gate || mixture.shared_width) return;
  problems.push_back({path + ".shared_gate", "shared_gate is given without shared_width",
                      "there are no shared experts to gate: add shared_width or delete the gate"});
}

bool splits_evenly(Integer experts, Integer groups) {
  return experts % groups == 0 && experts / groups >= 2;
}

void groups_divide_experts(const MixtureFeedForward& mixture, const ExpertGroups& groups,
                           const std::string& path, Problems& problems) {
  if (!known(mixture.experts, groups.count)) return;
  if (splits_evenly(mixture.experts, groups.count)) return;
  problems.push_back({path + ".count",
                      fmt::format("count = {} does not split experts = {} into equal groups of two "
                                  "or more",
                                  groups.count.value(), mixture.experts.value()),
                      "a group is scored by its two best experts"});
}

void chosen_groups_exist(const ExpertGroups& groups, const std::string& path, Problems& problems) {
  if (!known(groups.count) || groups.chosen <= groups.count) return;
  problems.push_back({path + ".chosen",
                      fmt::format("chosen = {} is more than count = {}", groups.chosen.value(),
                                  groups.count.value()),
                      "a token's experts come from some or all of the groups"});
}

// Of a choice that the rules above refuse, nothing more is said.
void chosen_groups_hold_the_chosen_experts(const MixtureFeedForward& mixture,
                                           const ExpertGroups& groups, const std::string& path,
                                           Problems& problems) {
  if (!known(mixture.experts, mixture.experts_per_token, groups.count, groups.chosen)) return;
  if (groups.chosen > groups.count || mixture.experts_per_token > mixture.experts) return;
  if (!splits_evenly(mixture.experts, groups.count)) return;
  const Integer held = groups.chosen * (mixture.experts / groups.count);
  if (held >= mixture.experts_per_token) return;
  problems.push_back({path + ".chosen",
                      fmt::format("the chosen groups hold {} experts, and experts_per_token = {}",
                                  held.value(), mixture.experts_per_token.value()),
                      "choose more groups or fewer experts"});
}

void feed_forward_rules(const DenseFeedForward&, const std::string&, Problems&) {
  // A dense feed-forward's fields are independent of each other.
}

void feed_forward_rules(const MixtureFeedForward& mixture, const std::string& path,
                        Problems& problems) {
  chosen_experts_exist(mixture, path, problems);
  a_gate_has_shared_experts(mixture, path, problems);
  if (!mixture.router.groups) return;
  const ExpertGroups& groups = *mixture.router.groups;
  const std::string groups_path = path + ".router.groups";
  groups_divide_experts(mixture, groups, groups_path, problems);
  chosen_groups_exist(groups, groups_path, problems);
  chosen_groups_hold_the_chosen_experts(mixture, groups, groups_path, problems);
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
  if (*spec.learned_positions >= spec.context_limit) return;
  problems.push_back(
      {"learned_positions",
       fmt::format("{} learned positions do not reach the context limit of {}",
                   spec.learned_positions->value(), spec.context_limit.value()),
       "a learned table has a row for every position: add rows or lower context_limit"});
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

// The attention whose cache is read; null where kv_from names none, which is reported elsewhere.
const GroupedAttention* owning_attention(const ArchSpec& spec, const GroupedAttention& sharing) {
  const std::size_t index = sharing.kv_from->index;
  if (index >= spec.attention.size()) return nullptr;
  const Named<Mixer>& owner = spec.attention[index];
  return owner.name == sharing.kv_from->name ? std::get_if<GroupedAttention>(&owner.value)
                                             : nullptr;
}

bool names_an_attention(const ArchSpec& spec, const Reference& reference) {
  return reference.index < spec.attention.size() &&
         spec.attention[reference.index].name == reference.name;
}

void a_cache_is_shared_as_it_is(const ArchSpec& spec, const GroupedAttention& sharing,
                                const std::string& path, Problems& problems) {
  const GroupedAttention* owner = owning_attention(spec, sharing);
  const auto refuse = [&](std::string message, std::string remedy) {
    problems.push_back({path + ".kv_from", std::move(message), std::move(remedy)});
  };
  if (owner == nullptr) {
    if (!names_an_attention(spec, *sharing.kv_from)) return;
    return refuse(fmt::format("attention '{}' is latent, and its cache cannot be shared",
                              sharing.kv_from->name),
                  "name an attention of kind 'grouped'");
  }
  if (owner->kv_from) {
    return refuse(fmt::format("attention '{}' has no cache of its own", sharing.kv_from->name),
                  fmt::format("name the one that it reads: '{}'", owner->kv_from->name));
  }
  const auto shape = [](const GroupedAttention& attention) {
    return std::tuple(attention.kv_heads, attention.head_dim, attention.window, attention.chunk);
  };
  if (shape(sharing) == shape(*owner)) return;
  refuse(fmt::format("kv_heads, head_dim, window or chunk differ from those of attention '{}'",
                     sharing.kv_from->name),
         "a cache is read as it was filled: make them equal");
}

// Of a layer that reads another's cache: there is one before it, and layers of one kind read from
// layers of one kind.
void shared_caches_have_one_owner(const ArchSpec& spec, Problems& problems) {
  if (layer_count(spec) > kMostLayers) return;
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  const auto owners = cache_owners(spec);
  std::map<std::size_t, std::size_t> owner_kind;
  std::set<std::size_t> refused;
  for (std::size_t place = 0; place < kinds.size(); ++place) {
    const auto& [name, layer] = spec.layer.at(kinds[place]);
    if (sharing_attention(spec, layer) == nullptr || refused.contains(kinds[place])) continue;
    const std::string path = "layer." + name + ".attention";
    if (!owners[place]) {
      problems.push_back({path,
                          fmt::format("layer {} reads the cache of attention '{}', and no layer "
                                      "before it has that",
                                      place + 1, sharing_attention(spec, layer)->kv_from->name),
                          "put such a layer before it in the stack"});
    } else if (owner_kind.try_emplace(kinds[place], kinds[*owners[place]]).first->second !=
               kinds[*owners[place]]) {
      problems.push_back({path,
                          fmt::format("layers of kind '{}' read the caches of layers of different "
                                      "kinds",
                                      name),
                          "define a kind of layer for each"});
    } else {
      continue;
    }
    refused.insert(kinds[place]);
  }
}

// Whether every name in the layers, the stack and kv_from was found. Where one was not, that is
// reported, and who owns a cache cannot be said.
bool resolved(const ArchSpec& spec) {
  const auto in = [](const auto& definitions, const Reference& reference) {
    return reference.index < definitions.size() &&
           definitions[reference.index].name == reference.name;
  };
  for (const auto& [name, layer] : spec.layer) {
    if (!in(spec.attention, layer.attention)) return false;
  }
  for (const Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) {
      if (!in(spec.layer, layer)) return false;
    }
  }
  return true;
}

void sharing_rules(const ArchSpec& spec, Problems& problems) {
  bool sound = resolved(spec);
  for (const auto& [name, mixer] : spec.attention) {
    const auto* grouped = std::get_if<GroupedAttention>(&mixer);
    if (grouped == nullptr || !grouped->kv_from) continue;
    const std::size_t before = problems.size();
    a_cache_is_shared_as_it_is(spec, *grouped, "attention." + name, problems);
    sound = sound && problems.size() == before && names_an_attention(spec, *grouped->kv_from);
  }
  if (sound) shared_caches_have_one_owner(spec, problems);
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
  const Reference unread{};  // stands for the layers of a segment that lists none
  References attention;
  References feed_forward;
  References layers;
  for (const auto& [name, layer] : spec.layer) {
    attention.push_back(&layer.attention);
    feed_forward.push_back(&layer.feed_forward);
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
    const std::string path = "attention." + name;
    std::visit([&](const auto& kind) { attention_rules(kind, path, problems); }, mixer);
  }
  for (const auto& [name, feed_forward] : spec.feed_forward) {
    const std::string path = "feed_forward." + name;
    std::visit([&](const auto& kind) { feed_forward_rules(kind, path, problems); }, feed_forward);
  }
  the_stack_has_layers(spec, problems);
  every_context_has_a_position(spec, problems);
  the_active_stream_exists(spec, problems);
  sharing_rules(spec, problems);
  every_kind_is_used(spec, problems);
  return problems;
}

}  // namespace llmarch
