// Low-rank adapters (LoRA: Hu and others, arXiv 2106.09685) as the PEFT library describes them in
// an adapter_config.json. Beside a matrix of m x n that is adapted stand one of r x n and one of m
// x r, where r is the adapter's rank; with DoRA (arXiv 2402.09353) also a vector of m.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/graph/op_graph.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

struct AdapterLoad {
  std::optional<Elements> parameters;  // absent when there are problems
  Integer rank;
  std::string base;  // the model that it was trained on, as the file names it
  std::vector<Diagnostic> problems;
};

// `model` is the graph of the model that is adapted. Everything that changes the number of
// parameters is read or refused by name: modules that this program does not know in that model,
// experts, whose modules differ between versions of the library, and expressions for modules.
AdapterLoad load_adapter(std::string_view text, const OpGraph& model);

}  // namespace llmarch
