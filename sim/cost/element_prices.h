// What functions of single elements cost: activations, softmax, rotation, caps, scores of a router.
// Part of op_cost.cc, where the conventions stand.
#pragma once

#include <cstdint>
#include <stdexcept>

#include "sim/graph/op.h"

namespace llmarch {

// Per score of a softmax: minus the maximum, plus into the sum, over the sum; one exp.
inline constexpr std::int64_t kSoftmaxFlops = 3;
// 1 / (1 + exp(-x))
inline constexpr std::int64_t kSigmoidFlops = 2;
// x' = x cos - y sin, y' = y cos + x sin: six for two elements.
inline constexpr std::int64_t kRotationFlopsPerElement = 3;

// What the rotation of so many elements takes, or of those pairs among them that are turned.
inline Integer rotation_flops(const Rotary& rotary, Integer elements) {
  return kRotationFlopsPerElement * (rotary.turned_pairs ? 2 * *rotary.turned_pairs : elements);
}

// The slope times the distance, added to the score.
inline constexpr std::int64_t kAlibiFlops = 2;

struct PerElement {
  std::int64_t flops;
  std::int64_t transcendentals;
};

// cap tanh(x / cap)
inline constexpr PerElement kSoftCapPrice{2, 1};

inline PerElement price_of(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh: return {8, 1};  // 0.5 x (1 + tanh(c (x + 0.044715 x^3)))
    case Activation::gelu_erf: return {4, 1};   // 0.5 x (1 + erf(x c))
    case Activation::silu: return {2, 1};       // x / (1 + exp(-x))
    case Activation::relu: return {0, 0};       // max(x, 0)
    case Activation::tanh: return {0, 1};
    case Activation::sigmoid: return {kSigmoidFlops, 1};
    case Activation::softplus: return {2, 2};      // max(x, 0) + log(1 + exp(-|x|))
    case Activation::quick_gelu: return {3, 1};    // x / (1 + exp(-1.702 x))
    case Activation::relu_squared: return {1, 0};  // max(x, 0)^2
  }
  throw std::logic_error("price_of: an activation outside the enumeration");
}

// The gate's activation, the offset and the product. SiTU: both caps, a sigmoid and two products.
inline PerElement price_of(const GateForm& form) {
  if (form.situ) {
    return {2 * kSoftCapPrice.flops + kSigmoidFlops + 2, 2 * kSoftCapPrice.transcendentals + 1};
  }
  const auto [flops, transcendentals] = price_of(form.activation);
  return {flops + 1 + (form.up_offset ? 1 : 0), transcendentals};
}

// What the scores of a router take for one row.
struct ScorePrice {
  Integer flops, transcendentals;
};
inline ScorePrice scores_of(const Route& op) {
  switch (op.router.scoring) {
    case Scoring::softmax: return {op.experts * kSoftmaxFlops, op.experts};
    case Scoring::sigmoid: return {op.experts * kSigmoidFlops, op.experts};
    case Scoring::chosen_softmax:
      return {op.experts_per_token * kSoftmaxFlops, op.experts_per_token};
    // A softmax for each that is chosen, and before it (m - s) / max(|s|, m).
    case Scoring::sparsemixer: {
      const Integer scores = op.experts * op.experts_per_token;
      return {scores * (2 + kSoftmaxFlops), scores};
    }
    case Scoring::root_softplus: {
      const auto [each, transcendentals] = price_of(Activation::softplus);
      return {op.experts * each, op.experts * (transcendentals + 1)};
    }
  }
  throw std::logic_error("scores_of: a scoring outside the enumeration");
}

}  // namespace llmarch
