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
    op.in = block_.whole(op.in);
    op.choice = block_.whole(op.choice);
    const ValueId out = block_.make_partial(op.out);
    if (ranks.count == 1) {
      op.out = out;
      return block_.append(op);
    }
    op.out = block_.beside(out, RowAxis::tokens_of_ranks);
    switch (block_.rank().deployment.dispatch) {
      case Dispatch::gather: return run_gathered(op, ranks, out);
      case Dispatch::all_to_all: return run_dispatched(op, ranks, out);
    }
    throw std::logic_error("RunExperts: a dispatch outside the enumeration");
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
    const ValueId all = block_.beside(value, RowAxis::tokens_of_ranks);
    block_.exchange(Collective::gather_rows, ranks, value, all);
    return all;
  }
  void run_gathered(RunExperts op, const Ranks& ranks, ValueId out) const {
    op.in = brought_together(ranks, op.in);
    op.choice = brought_together(ranks, op.choice);
    block_.append(op);
    block_.exchange(Collective::scatter_rows, ranks, op.out, out);
  }
  void run_dispatched(RunExperts op, const Ranks& ranks, ValueId out) const {
    const Integer stride = op.experts * expert_spread(block_.rank().deployment).value().tensor;
    const ExpertPlaces places{op.share->all, op.experts, op.share->first - ranks.own * stride,
                              stride};
    DispatchRows dispatch{ranks, places, op.experts_per_token, op.in, op.choice, 0, 0};
    op.in = dispatch.out = block_.beside(op.in, RowAxis::tokens_of_ranks);
    op.choice = dispatch.out_choice = block_.beside(op.choice, RowAxis::tokens_of_ranks);
    block_.append_beside("all-to-all for ", WorkKind::communication, dispatch);
    block_.append(op);
    block_.append_beside("all-to-all of ", WorkKind::communication,
                         CombineRows{ranks, places, op.experts_per_token, op.out, op.choice, out});
  }

  RankBlock& block_;
};

}  // namespace llmarch
