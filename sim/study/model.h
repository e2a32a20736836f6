// A model as every command uses it: its spec, its graph and its parameters, made once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cost/beside.h"
#include "sim/cost/predict.h"
#include "sim/formats/scheme.h"
#include "sim/graph/lower.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

struct Model {
  ArchSpec spec;
  OpGraph graph;
  Parameters parameters;  // of the text model
  // What the repository holds beside the text model, which takes memory too.
  std::vector<BesideParameters> beside;
  std::optional<OpGraph> prediction;  // one of its prediction layers, where it has any
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
  std::optional<OpGraph> prediction;
  if (spec.beside && spec.beside->prediction_layers) prediction = lower_prediction_layer(spec);
  std::vector<BesideParameters> beside =
      beside_parameters(spec, prediction ? &*prediction : nullptr);
  return {std::move(spec),   std::move(graph),      std::move(parameters),
          std::move(beside), std::move(prediction), std::move(remarks)};
}

// Leaves the text model alone.
inline void leave_out_beside(Model& model) {
  model.spec.beside.reset();
  model.beside.clear();
  model.prediction.reset();
}

}  // namespace llmarch
