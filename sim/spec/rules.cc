#include "sim/spec/rules.h"

#include <fmt/format.h>

#include <set>

#include "sim/spec/fields.h"

namespace llmarch {
namespace {

using Problems = std::vector<Problem>;

// Sizes begin at 1. A loader that could not read one leaves 0 there and has said so; the rules pass
// over it, so that every other problem of the file is still found in the same run.
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

void rotated_width_is_even(Integer width, const std::string& path, Problems& problems) {
  if (width % 2 == 0) return;
  problems.push_back({path,
                      fmt::format("{} elements cannot be rotated in pairs", width.value()),
                      "rotary positions turn pairs of elements: use an even width"});
}

void rotary_scaling_is_ordered(const Rotary& rotary, const std::string& path, Problems& problems) {
  if (!rotary.scaling) return;
  if (const auto* llama3 = std::get_if<Llama3Scaling>(&*rotary.scaling)) {
    if (llama3->low_frequency_factor <= llama3->high_frequency_factor) return;
    problems.push_back({path + ".scaling.low_frequency_factor",
                        "low_frequency_factor is above high_frequency_factor",
                        "waves longer than original_context / low_frequency_factor are slowed, "
                        "those shorter than original_context / high_frequency_factor kept"});
  } else if (const auto* yarn = std::get_if<YarnScaling>(&*rotary.scaling)) {
    if (yarn->beta_slow <= yarn->beta_fast) return;
    problems.push_back({path + ".scaling.beta_slow", "beta_slow is above beta_fast",
                        "waves that turn more than beta_fast times are kept, "
                        "those that turn less than beta_slow times slowed"});
  }
}

void attention_rules(const GroupedAttention& attention, const std::string& path,
                     Problems& problems) {
  kv_heads_divide_query_heads(attention, path, problems);
  if (!attention.rotary) return;
  rotated_width_is_even(attention.head_dim, path + ".head_dim", problems);
  rotary_scaling_is_ordered(*attention.rotary, path + ".rotary", problems);
}

void attention_rules(const LatentAttention& attention, const std::string& path,
                     Problems& problems) {
  rotated_width_is_even(attention.rope_head_dim, path + ".rope_head_dim", problems);
  rotary_scaling_is_ordered(attention.rotary, path + ".rotary", problems);
}

void chosen_experts_exist(const MixtureFeedForward& mixture, const std::string& path,
                          Problems& problems) {
  if (!known(mixture.experts) || mixture.experts_per_token <= mixture.experts) return;
  problems.push_back({path + ".experts_per_token",
                      fmt::format("{} experts per token are more than the {} that exist",
                                  mixture.experts_per_token.value(), mixture.experts.value()),
                      "experts_per_token is at most experts"});
}

void groups_divide_experts(const MixtureFeedForward& mixture, const ExpertGroups& groups,
                           const std::string& path, Problems& problems) {
  if (!known(mixture.experts, groups.count)) return;
  if (mixture.experts % groups.count == 0 && mixture.experts / groups.count >= 2) return;
  problems.push_back({path + ".router.groups.count",
                      fmt::format("{} experts cannot be split into {} equal groups of at least two",
                                  mixture.experts.value(), groups.count.value()),
                      "a group is scored by its two best experts"});
}

void chosen_groups_hold_the_chosen_experts(const MixtureFeedForward& mixture,
                                           const ExpertGroups& groups, const std::string& path,
                                           Problems& problems) {
  if (!known(mixture.experts, mixture.experts_per_token, groups.count, groups.chosen)) return;
  const std::string chosen = path + ".router.groups.chosen";
  if (groups.chosen > groups.count) {
    problems.push_back({chosen,
                        fmt::format("{} groups are chosen and only {} exist",
                                    groups.chosen.value(), groups.count.value()),
                        "chosen is at most count"});
  } else if (groups.chosen * (mixture.experts / groups.count) < mixture.experts_per_token) {
    problems.push_back({chosen,
                        fmt::format("{} groups hold fewer experts than the {} of each token",
                                    groups.chosen.value(), mixture.experts_per_token.value()),
                        "choose more groups or fewer experts"});
  }
}

void feed_forward_rules(const DenseFeedForward&, const std::string&, Problems&) {
  // A dense feed-forward's fields are independent of each other.
}

void feed_forward_rules(const MixtureFeedForward& mixture, const std::string& path,
                        Problems& problems) {
  chosen_experts_exist(mixture, path, problems);
  if (!mixture.router.groups) return;
  groups_divide_experts(mixture, *mixture.router.groups, path, problems);
  chosen_groups_hold_the_chosen_experts(mixture, *mixture.router.groups, path, problems);
}

void the_stack_has_layers(const ArchSpec& spec, Problems& problems) {
  const Integer layers = layer_count(spec);
  if (layers == 0) {
    problems.push_back({"stack", "the stack is empty",
                        "name the layers in order: [[stack]] with layers = [\"NAME\"] and repeat"});
  } else if (layers > kMostLayers) {
    problems.push_back({"stack",
                        fmt::format("{} layers are more than the {} that can be a model",
                                    layers.value(), kMostLayers),
                        "check the repeats"});
  }
}

void every_context_has_a_position(const ArchSpec& spec, Problems& problems) {
  if (!spec.learned_positions || *spec.learned_positions >= spec.context_limit) return;
  problems.push_back({"learned_positions",
                      fmt::format("{} learned positions do not reach the context limit of {}",
                                  spec.learned_positions->value(), spec.context_limit.value()),
                      "a learned table has a row for every position"});
}

// By name and not by index: a name that did not resolve is still a use.
template <class Value>
void every_definition_is_used(const std::vector<Named<Value>>& definitions, const char* table,
                              const char* user, const std::set<std::string>& used,
                              Problems& problems) {
  for (const auto& [name, value] : definitions) {
    if (used.contains(name)) continue;
    problems.push_back({fmt::format("{}.{}", table, name),
                        fmt::format("{} '{}' is defined and never used", table, name),
                        fmt::format("name it in {}, or delete it", user)});
  }
}

void every_kind_is_used(const ArchSpec& spec, Problems& problems) {
  std::set<std::string> attention;
  std::set<std::string> feed_forward;
  std::set<std::string> layers;
  for (const auto& [name, layer] : spec.layer) {
    attention.insert(layer.attention.name);
    feed_forward.insert(layer.feed_forward.name);
  }
  for (const Segment& segment : spec.stack) {
    for (const Reference& layer : segment.layers) layers.insert(layer.name);
  }
  every_definition_is_used(spec.attention, "attention", "a [layer.NAME] table", attention, problems);
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
  every_kind_is_used(spec, problems);
  return problems;
}

}  // namespace llmarch
