// The weights of a run, packed: each matrix once, in the layout that both prefill and decode read,
// in the order in which a step reads them. Matrices and tables are held in the formats of the
// graph's weights, norms and biases as floats. This file knows where each weight is held.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kernels/engine/held.h"
#include "kernels/fast/packed_matrix.h"
#include "kernels/weights/weight_store.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

class ModelWeights {
 public:
  // All weights are zeros at first. The graph must outlive the weights. Throws
  // std::invalid_argument where a weight is in a format that there are no kernels for.
  ModelWeights(const OpGraph& graph, const Held& held);
  static std::size_t bytes(const OpGraph& graph, const Held& held);

  // Draws values as WeightStore's synthetic weights do, so that matrices keep hidden states near 1.
  void fill_synthetic(Team& team, std::uint64_t seed);
  // What is given to them is held; weights that are not held are ignored. The weights must outlive
  // the functions.
  TakeWeights take();

  [[nodiscard]] const PackedMatrix& matrix(WeightId weight, std::size_t layer,
                                           std::size_t copy = 0) const;
  // The bytes in which a row of one copy of the weight is held, without padding.
  [[nodiscard]] std::int64_t row_bytes(WeightId weight) const;
  // A norm or a bias.
  [[nodiscard]] std::span<const float> vector(WeightId weight, std::size_t layer) const;
  // All matrices, one after another: what a decode step streams.
  [[nodiscard]] std::span<const std::byte> memory() const { return memory_.pieces(); }
  // Elements held; a slice's are scaled up to all layers and experts.
  [[nodiscard]] Elements parameters() const;

 private:
  void take_rows(WeightId weight, std::size_t layer, std::size_t copy, std::size_t first_row,
                 std::span<const float> rows);
  struct Instances {
    std::size_t layers = 0, copies = 0;
    std::vector<PackedMatrix> matrices;       // (layers, copies)
    std::vector<std::vector<float>> vectors;  // (layers)
  };

  const OpGraph* graph_;
  HugeMemory memory_;
  std::vector<std::optional<float>> clips_;  // of each weight: the bound of its elements
  std::optional<Integer> experts_held_;      // where not all are
  std::vector<Instances> weights_;
};

}  // namespace llmarch::fast
