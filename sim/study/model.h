// A model on the bench: its spec, its graph and its parameters, made once and then only read.
#pragma once

#include <string>
#include <vector>

#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

struct Model {
  ArchSpec spec;
  OpGraph graph;
  Parameters parameters;
  // How a config was read, where the model came from one: fields that it left to its library, others
  // that were passed over. They stand below every figure of the model.
  std::vector<std::string> remarks;
};

// Throws Overflow when the parameters pass 64 bits.
inline Model make_model(ArchSpec spec, std::vector<std::string> remarks) {
  OpGraph graph = lower(spec);
  Parameters parameters = predict_parameters(graph);
  return {std::move(spec), std::move(graph), std::move(parameters), std::move(remarks)};
}

}  // namespace llmarch
