// The results that a run is compared with: those of another implementation, as a file has them, or
// those of the reference kernels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "kernels/reference/executor.h"
#include "kernels/weights/weight_store.h"
#include "sim/graph/op_graph.h"

namespace llmarch {

// The reference's results for one sequence, laid out as in expected.safetensors.
struct Expected {
  std::vector<std::int64_t> input_ids;     // (tokens)
  std::vector<std::vector<float>> hidden;  // (layers + 1) x (tokens, hidden)
  std::vector<float> logits;               // (tokens, vocabulary)
  std::vector<RoutingTrace> routing;       // one for each mixture layer
  std::vector<KeyTrace> keys;              // one for each layer with an index
};

// Throws FileError when the file is damaged, lacks a tensor, disagrees with the graph's sizes,
// holds unknown tensors, or choices that no layer could make.
Expected load_expected(const std::filesystem::path& file, const OpGraph& graph);

// The results of the reference kernels, where no others are published. The graph's weights are
// those of `weights`; each id is below the vocabulary.
Expected expected_of_reference(const OpGraph& graph, const WeightStore& weights,
                               std::vector<std::int64_t> input_ids);

}  // namespace llmarch
