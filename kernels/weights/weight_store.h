// The parameters of a model, as the reference kernels read them: float, one array per weight and
// layer. This file knows how they are held; checkpoint.h knows how they come from published files.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch {

// Takes part of a weight of the `layer`th layer that runs its block: of the given copy, the rows
// from `first_row` on, as many as there are; of a vector, the elements from there on.
using TakeWeight = std::function<void(WeightId weight, std::size_t layer, std::size_t copy,
                                      std::size_t first_row, std::span<const float> rows)>;

class WeightStore {
 public:
  explicit WeightStore(const OpGraph& graph);

  // The weight of the `layer`th layer that runs its block: copies x rows x columns.
  [[nodiscard]] std::span<float> of(WeightId weight, std::size_t layer) {
    return arrays_.at(weight).at(layer);
  }
  [[nodiscard]] std::span<const float> of(WeightId weight, std::size_t layer) const {
    return arrays_.at(weight).at(layer);
  }

  // Parameters really held; a constant is none.
  [[nodiscard]] Elements held() const;

 private:
  std::vector<std::vector<std::vector<float>>> arrays_;
  std::vector<bool> constant_;  // by weight: of WeightKind::constant
};

// Random weights are drawn evenly from `centre` - `spread` to `centre` + `spread`: matrices so
// small that hidden states stay near 1, norms near 1, biases near 0.
struct WeightDistribution {
  float centre, spread;
};
WeightDistribution distribution_of(const Weight& weight);

// Random weights, the same for the same seed on every machine.
WeightStore synthetic_weights(const OpGraph& graph, std::uint64_t seed);

}  // namespace llmarch
