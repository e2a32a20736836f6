// A model as every command uses it: its spec, its graph and its parameters, made once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cost/predict.h"
#include "sim/formats/scheme.h"
#include "sim/graph/lower.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

struct Model {
  ArchSpec spec;
  OpGraph graph;
  Parameters parameters;
  // Where the model was read from a config: which fields the config left to its library's defaults,
  // and which were passed over. They are shown below every figure of the model.
  std::vector<std::string> remarks;
  Scheme published_in = DType::bf16;  // how its weights are stored, unless something else is asked
  // Where it is published in a way that is not known here: what that is. Nothing is then known of
  // its bytes before it is said how they are stored.
  std::optional<std::string> unknown_storage = {};
};

// Throws Overflow when the parameters exceed 64 bits.
inline Model make_model(ArchSpec spec, std::vector<std::string> remarks) {
  OpGraph graph = lower(spec);
  Parameters parameters = predict_parameters(graph);
  return {std::move(spec), std::move(graph), std::move(parameters), std::move(remarks)};
}

}  // namespace llmarch
