// The predicted book of one model, operation by operation, in the units in which it is shown.
#pragma once

#include <string>
#include <vector>

#include "sim/study/model.h"
#include "sim/study/step.h"

namespace llmarch {

struct OperationFigures {
  std::string operation;
  Step step;  // all layers of the block together
};

struct BlockFigures {
  std::string block;
  Integer layers;
  std::vector<OperationFigures> operations;
  Step one_layer;
  Step all_layers;
};

struct OperationTable {
  Phase phase;
  Setting setting;
  std::vector<BlockFigures> blocks;
  Step total;
};

// Where the setting divides the model, of its first rank, with the sequences that this has for
// itself. Throws CannotShard where the model does not divide so.
OperationTable operation_table(const Model& model, Phase phase, const Setting& setting);

// The weights that each operation reads, in the order of the graph.
struct WeightUse {
  std::string block;
  std::string operation;
  Integer layers;
  std::vector<Weight> weights;
  Elements parameters;  // in one layer
};

std::vector<WeightUse> weight_uses(const OpGraph& graph);

// Every weight of the graph once, in its order.
struct HeldWeight {
  std::string block;
  Integer layers;
  std::string operation;  // the first that reads it; empty for a constant
  Weight weight;
  Elements parameters;  // in one layer; none for a constant
};

std::vector<HeldWeight> held_weights(const OpGraph& graph);

}  // namespace llmarch
