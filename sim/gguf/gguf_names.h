// What GGUF files call the tensor of each role of weight (llama.cpp, src/llama-arch.cpp,
// "tensors").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch {

// The names that a weight may have, the usual one first, in a layer or outside of
// layers. Several roles have the name of a tensor that holds them all, one after the other.
std::vector<std::string> gguf_names(const Weight& weight, std::optional<std::size_t> layer);

}  // namespace llmarch
