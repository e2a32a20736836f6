// The rules of feed-forwards; block_rules.cc has those of mixers.
#include <fmt/format.h>

#include <type_traits>

#include "sim/spec/block_rules.h"

namespace llmarch {
namespace {

// Some fields are of a gate, and only a gated feed-forward has one.
void a_bounded_gate_exists(const DenseFeedForward& dense, const std::string& path,
                           Problems& problems) {
  if (dense.gated) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} is given, and there is no gate", key),
                        "it is part of act(gate) * up: set gated = true or delete it"});
  };
  refuse_if(dense.gate_limit.has_value(), "gate_limit");
  refuse_if(dense.up_offset.has_value(), "up_offset");
  refuse_if(dense.gate_multiplier.has_value(), "gate_multiplier");
  refuse_if(dense.situ.has_value(), "situ");
}

// SiTU takes the place of the whole product, of shared experts too.
template <class FeedForwardKind>
void situ_stands_alone(const FeedForwardKind& feed_forward, const std::string& path,
                       Problems& problems) {
  if (!feed_forward.situ) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back({path + ".situ", fmt::format("situ is given beside {}", key),
                        "SiTU takes the place of act(gate) * up: keep one of the two"});
  };
  refuse_if(feed_forward.gate_limit.has_value(), "gate_limit");
  refuse_if(feed_forward.up_offset.has_value(), "up_offset");
  if constexpr (std::is_same_v<FeedForwardKind, MixtureFeedForward>) {
    refuse_if(feed_forward.shared_gate_limit.has_value(), "shared_gate_limit");
  }
}

void xielu_stands_alone(const DenseFeedForward& dense, const std::string& path,
                        Problems& problems) {
  if (!dense.xielu || (!dense.gated && !dense.activation_sparsity)) return;
  problems.push_back(
      {path + ".xielu",
       dense.gated ? "xielu is given beside gated" : "xielu is given beside activation_sparsity",
       "xIELU is the activation between two projections: keep one of the two"});
}

// What only a gate has, and the biases, which are those of gated experts.
void a_bounded_gate_of_experts_exists(const MixtureFeedForward& mixture, const std::string& path,
                                      Problems& problems) {
  if (!mixture.ungated) return;
  const auto refuse_if = [&](bool given, const char* key) {
    if (!given) return;
    problems.push_back({fmt::format("{}.{}", path, key),
                        fmt::format("{} is given beside ungated", key),
                        "it is part of act(gate) * up: delete one of the two"});
  };
  refuse_if(mixture.gate_limit.has_value(), "gate_limit");
  refuse_if(mixture.shared_gate_limit.has_value(), "shared_gate_limit");
  refuse_if(mixture.up_offset.has_value(), "up_offset");
  refuse_if(mixture.expert_bias, "expert_bias");
  refuse_if(mixture.situ.has_value(), "situ");
}

void limited_shared_experts_exist(const MixtureFeedForward& mixture, const std::string& path,
                                  Problems& problems) {
  if (!mixture.shared_gate_limit || mixture.shared_width) return;
  problems.push_back({path + ".shared_gate_limit",
                      "shared_gate_limit is given without shared_width",
                      "there are no shared experts: add shared_width or delete the limit"});
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

void a_sum_has_shared_experts(const MixtureFeedForward& mixture, const std::string& path,
                              Problems& problems) {
  if (!mixture.sum_multiplier || mixture.shared_width) return;
  problems.push_back({path + ".sum_multiplier", "sum_multiplier is given without shared_width",
                      "there are no shared experts: add shared_width or delete sum_multiplier"});
}

void a_sparsemixer_weighs_by_itself(const Router& router, const std::string& path,
                                    Problems& problems) {
  if (router.scoring != Scoring::sparsemixer) {
    if (!router.jitter) return;
    problems.push_back({path + ".jitter", "jitter is given, and the scoring is no sparsemixer",
                        "delete it, or set scoring = \"sparsemixer\""});
  } else if (!router.jitter) {
    problems.push_back({path + ".scoring", "a sparsemixer without jitter",
                        "state 'jitter' (router_jitter_noise), from which its weights follow"});
  } else if (router.correction_bias || router.normalized_weights || router.groups) {
    problems.push_back({path + ".scoring",
                        "a sparsemixer has no correction_bias, normalized_weights or groups",
                        "its weights follow from the logits and jitter alone: delete them"});
  }
}

// A list takes the place of a choice among scores.
void a_list_chooses_alone(const MixtureFeedForward& mixture, const std::string& path,
                          Problems& problems) {
  if (!mixture.router.listed_by_token) return;
  const auto refuse_if = [&](bool given, const std::string& key) {
    if (!given) return;
    problems.push_back({path + ".router.listed_by_token",
                        fmt::format("listed_by_token is given beside {}", key),
                        "a table lists the experts of each token: delete one of the two"});
  };
  refuse_if(mixture.router.correction_bias, "correction_bias");
  refuse_if(mixture.router.groups.has_value(), "groups");
  refuse_if(mixture.router.scoring == Scoring::sparsemixer, "a sparsemixer");
  refuse_if(mixture.identity_experts.has_value(), "identity_experts");
}

void a_normalized_latent_exists(const MixtureFeedForward& mixture, const std::string& path,
                                Problems& problems) {
  if (!mixture.latent_norm || mixture.latent_width) return;
  problems.push_back({path + ".latent_norm", "latent_norm is given without latent_width",
                      "there is no latent: add latent_width or delete the norm"});
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

// Not reported for a choice that the rules above refuse already.
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

void rules_within(const DenseFeedForward& dense, const std::string& path, Problems& problems) {
  a_bounded_gate_exists(dense, path, problems);
  xielu_stands_alone(dense, path, problems);
  situ_stands_alone(dense, path, problems);
}

void rules_within(const MixtureFeedForward& mixture, const std::string& path, Problems& problems) {
  chosen_experts_exist(mixture, path, problems);
  a_gate_has_shared_experts(mixture, path, problems);
  a_sum_has_shared_experts(mixture, path, problems);
  a_sparsemixer_weighs_by_itself(mixture.router, path + ".router", problems);
  limited_shared_experts_exist(mixture, path, problems);
  a_bounded_gate_of_experts_exists(mixture, path, problems);
  situ_stands_alone(mixture, path, problems);
  a_list_chooses_alone(mixture, path, problems);
  a_normalized_latent_exists(mixture, path, problems);
  if (!mixture.router.groups) return;
  const ExpertGroups& groups = *mixture.router.groups;
  const std::string groups_path = path + ".router.groups";
  groups_divide_experts(mixture, groups, groups_path, problems);
  chosen_groups_exist(groups, groups_path, problems);
  chosen_groups_hold_the_chosen_experts(mixture, groups, groups_path, problems);
}

}  // namespace

void feed_forward_rules(const FeedForward& feed_forward, const std::string& path,
                        Problems& problems) {
  std::visit([&](const auto& kind) { rules_within(kind, path, problems); }, feed_forward);
}

}  // namespace llmarch
