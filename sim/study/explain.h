// Where a figure of a model comes from: what each kind of layer adds to it. Found by asking for the
// same figure of the same graph with all other layers left out, so that there is no second formula
// for any quantity, and none that could say something else than the first.
#pragma once

#include <string>
#include <vector>

#include "sim/study/quantities.h"

namespace llmarch {

struct LayerShare {
  std::string block;  // "local", "embedding"
  Integer layers;
  QuantityValue one_layer;
  QuantityValue all_layers;
};

// Those that add anything, in the order of the graph; they add up to the figure. Empty for a figure
// that is no sum over the model's layers: a size, a ratio, the largest of several, or the work of
// a step that drafts. Throws Overflow.
std::vector<LayerShare> shares_of_layers(const Quantity& quantity, const Model& model,
                                         const Setting& setting);

}  // namespace llmarch
