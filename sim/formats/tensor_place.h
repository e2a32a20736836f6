// One weight of one layer, as a scheme sees it when it chooses a format: what it is, and where it
// stands among the layers. Some rules count layers from both ends, or look at the whole model.
#pragma once

#include "sim/graph/op_graph.h"

namespace llmarch {

// What the rules ask about a model.
struct ModelShape {
  Integer layers;
  Integer experts;          // of the largest mixture; 0: none
  Integer queries_per_key;  // query heads that share a key head; 1 where attention is not grouped
  bool tied = false;        // the token embedding is the head too
};
ModelShape shape_of(const OpGraph& graph);

struct TensorPlace {
  const Weight& weight;
  std::optional<Integer> layer;  // of the model, from 0; none outside of layers
  Integer before;                // layers before it that have such a weight
  Integer of;                    // layers that have such a weight
};

}  // namespace llmarch
