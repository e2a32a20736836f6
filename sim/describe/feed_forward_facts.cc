#include "sim/describe/feed_forward_facts.h"

#include <fmt/format.h>

#include "sim/describe/activation_names.h"
#include "sim/spec/names.h"

namespace llmarch {
namespace {

Phrase limit_phrase(const std::string& of, const GateLimit& limit) {
  return {fmt::format("{} held at {:g} {}", of, limit.limit,
                      limit.place == GateLimitPlace::before_activation ? "before its activation"
                                                                       : "after its activation")};
}

std::string_view scoring_name(Scoring scoring) {
  if (scoring == Scoring::chosen_softmax) return "softmax over the chosen";
  return scoring == Scoring::root_softplus ? "root of softplus" : name_of(scoring);
}

// Experts that give what they are given (LongCat-Flash, arXiv 2509.01322).
void add_identities(Integer identities, BlockFacts& block) {
  block.facts.push_back({identities, " identity experts beside them"});
  block.notes[NotedFigures::work].emplace_back(
      " Identity experts do no work: the work of the experts is that of the expected number that a "
      "token runs under uniform routing, k E / (E + identity experts), and the active parameters "
      "are the most, those of k.");
}

}  // namespace

BlockFacts facts_of(const ArchSpec& /*spec*/, const DenseFeedForward& dense) {
  const std::string_view activation = dense.xielu  ? "xIELU"
                                      : dense.situ ? "SiTU"
                                                   : activation_name(dense.activation);
  BlockFacts block{
      .family = BlockFamily::dense_feed_forward,
      .name = fmt::format("feed-forward, {}",
                          dense.gated && !dense.situ ? gated_name(dense.activation) : activation),
      .kind = {},
      .facts = {{"hidden width ", dense.width}},
      .traits = {},
      .kept = {},
      .inside = FeedForwardPaths{dense.gated ? Paths::gated : Paths::one, activation},
      .notes = {}};
  if (dense.bias) block.facts.push_back({"with biases"});
  if (dense.gate_limit) block.facts.push_back(limit_phrase("gate", *dense.gate_limit));
  if (dense.up_offset) block.facts.push_back({"the other factor plus ", *dense.up_offset});
  if (dense.activation_sparsity) {
    block.facts.push_back({"about ", 100 * *dense.activation_sparsity, " % of the gate is 0"});
  }
  return block;
}

// Routed experts, and shared ones (DeepSeekMoE, arXiv 2401.06066).
BlockFacts facts_of(const ArchSpec& /*spec*/, const MixtureFeedForward& mixture) {
  const SharedExperts shared = mixture.shared_width ? SharedExperts::some : SharedExperts::none;
  BlockFacts block{
      .family = BlockFamily::mixture_feed_forward,
      .name = "mixture of experts",
      .kind = {},
      .facts = {{mixture.experts,
                 fmt::format(" experts, {}", mixture.situ      ? "SiTU"
                                             : mixture.ungated ? activation_name(mixture.activation)
                                                               : gated_name(mixture.activation))},
                {fmt::format("router: {}", scoring_name(mixture.router.scoring))}},
      .traits = {Trait::experts},
      .kept = {},
      .inside = ExpertChoice{mixture.experts, mixture.experts_per_token, shared},
      .notes = {
          {NotedFigures::work,
           {"Experts' weights read by several tokens are those of the expected number of distinct "
            "experts under uniform routing, E (1 − (1 − k/E)^tokens)."}}}};
  if (mixture.identity_experts) add_identities(*mixture.identity_experts, block);
  if (mixture.router.groups) {
    block.facts.push_back({"chosen from ", mixture.router.groups->chosen, " of ",
                           mixture.router.groups->count, " groups"});
  }
  if (mixture.router.listed_by_token) {
    block.facts.push_back({"experts by the token's id, from a table"});
  }
  if (mixture.router.own_input) block.facts.push_back({"router: a norm of its own"});
  block.facts.push_back({mixture.experts_per_token, " chosen for a token"});
  block.facts.push_back({"hidden width ", mixture.expert_width});
  if (mixture.latent_width) {
    block.facts.push_back({"experts' latent: width ", *mixture.latent_width,
                           mixture.latent_norm ? ", normalised" : ""});
  }
  if (mixture.expert_bias) block.facts.push_back({"with biases"});
  if (mixture.gate_limit) block.facts.push_back(limit_phrase("gate", *mixture.gate_limit));
  if (mixture.up_offset) block.facts.push_back({"the other factor plus ", *mixture.up_offset});
  if (mixture.shared_width) block.facts.push_back({"shared expert: width ", *mixture.shared_width});
  if (mixture.shared_gate) block.facts.push_back({"shared expert is gated"});
  if (mixture.sum_multiplier) {
    block.facts.push_back({"sum with the shared expert × ", *mixture.sum_multiplier});
  }
  if (mixture.shared_gate_limit) {
    block.facts.push_back(limit_phrase("shared expert's gate", *mixture.shared_gate_limit));
  }
  return block;
}

}  // namespace llmarch
