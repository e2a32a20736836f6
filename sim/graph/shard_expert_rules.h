// What becomes of a mixture of experts: which of them a rank has, and how tokens come to those of
// other ranks. Private to sim/graph.
#pragma once

#include "sim/graph/shard_layouts.h"

namespace llmarch {

class ExpertRules {
 public:
  explicit ExpertRules(RankBlock& block) : block_(block) {}

  void operator()(Route op) const {
    op.weight = block_.weight(op.weight);
    for (auto* vector : {&op.correction_bias, &op.bias, &op.expert_scale, &op.listed}) {
      if (*vector) *vector = block_.weight(**vector);
    }
    in_whole(block_, op);
  }
  // Tokens of other ranks come here, if experts are spread over ranks with sequences of their own,
  // and what this rank's experts make of them goes back in a sum.
  void operator()(RunExperts op) const {
    const bool divided = block_.rank().deployment.expert > 1;
    if (op.identities > 0 && (divided || block_.tensor() > 1)) {
      block_.refuse("experts beside which identities are chosen are not divided");
    }
    const Ranks ranks = expert_ranks(block_.rank().deployment, block_.rank().rank);
    const Share experts = block_.own_experts(op.experts);
    if (op.gate) op.gate = block_.weight_experts(*op.gate);
    op.up = block_.weight_experts(op.up);
    op.down = block_.weight_experts(op.down);
    if (op.biases) divide_biases(*op.biases);
    op.experts = op.experts / block_.rank().deployment.expert;
    if (divided) op.share = experts;
    op.in = brought_together(ranks, block_.whole(op.in));
    op.choice = brought_together(ranks, block_.whole(op.choice));
    const ValueId out = block_.make_partial(op.out);
    op.out = ranks.count == 1 ? out : block_.beside(out, RowAxis::tokens_of_ranks);
    block_.append(op);
    if (ranks.count > 1) block_.exchange(Collective::scatter_rows, ranks, op.out, out);
  }

 private:
  void divide_biases(ExpertBiases& biases) const {
    biases.gate = block_.weight_experts(biases.gate);
    biases.up = block_.weight_experts(biases.up);
    if (block_.own_share(block_.tensor()) % block_.shares_of_expert() == 0) {
      biases.down = block_.weight_experts(biases.down.value());
    } else {
      biases.down.reset();
    }
  }
  [[nodiscard]] ValueId brought_together(const Ranks& ranks, ValueId value) const {
    if (ranks.count == 1) return value;
    const ValueId all = block_.beside(value, RowAxis::tokens_of_ranks);
    block_.exchange(Collective::gather_rows, ranks, value, all);
    return all;
  }

  RankBlock& block_;
};

}  // namespace llmarch
