// The parameters of a model, as the reference kernels read them: float, one array per weight and
// layer. This file knows how they are held; checkpoint.h knows how they come from published files.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels/weight_files/blocks.h"
#include "sim/graph/op_graph.h"

namespace llmarch {

// Takes part of a weight of the `layer`th layer that runs its block: of the given copy, the rows
// from `first_row` on, as many as there are; of a vector, the elements from there on.
using TakeWeight = std::function<void(WeightId weight, std::size_t layer, std::size_t copy,
                                      std::size_t first_row, std::span<const float> rows)>;

// The same of a matrix whose rows are stored in blocks, as they are stored.
using TakeStoredRows =
    std::function<void(WeightId weight, std::size_t layer, std::size_t copy, std::size_t first_row,
                       BlockFormat format, std::span<const std::byte> rows)>;

// Whoever holds rows in blocks takes them so; for others `from_blocks` makes floats of them.
struct TakeWeights {
  TakeWeight rows;
  TakeStoredRows stored_rows;
};
TakeStoredRows from_blocks(const OpGraph& graph, TakeWeight take);

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

  // Takes what is loaded. The store must outlive the function.
  TakeWeight take(const OpGraph& graph);

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
// The ids in a table that lists experts are not drawn: they go through all of the experts in turn.
void list_experts(Integer experts, std::span<float> table);

// Random weights, the same for the same seed on every machine.
WeightStore synthetic_weights(const OpGraph& graph, std::uint64_t seed);

}  // namespace llmarch
