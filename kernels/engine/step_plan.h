// The plan of a step: which nodes run, which projections run together, and where each value lies
// while its block runs. This file knows when a value is no longer needed. engine.cc follows the
// plan layer by layer and calls the kernels.
//
// Projections of one input (query, key and value; gate and up) run as one piece of work at the
// place of the first of them, and each keeps its own line in the book.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch::fast {

// Where a value lies. The hidden states that enter and leave a block swap places from block to
// block, so they are named by their role. The per-layer inputs, which the input block makes, stay
// for the whole step, and each layer sees its own columns of them.
struct Slot {
  enum class Kind { none, hidden_in, hidden_out, per_layer, numbered } kind = Kind::none;
  std::size_t number = 0;
};

struct PlannedNode {
  std::size_t node;                   // index into Block::nodes
  std::vector<std::size_t> products;  // nodes of the projections that run here, in order
};

struct BlockPlan {
  std::vector<PlannedNode> nodes;  // in the order in which they run
  std::vector<Slot> slots;         // for each value of the block
};

struct StepPlan {
  std::vector<BlockPlan> blocks;
  std::vector<std::size_t> slot_floats;  // the size of each numbered slot, for all blocks
  std::size_t hidden_floats = 0;         // the size of each of the two hidden states
  std::size_t per_layer_columns = 0;     // of the second inputs of all layers
};

// How many rows a value has in the workload.
std::size_t row_count(RowAxis axis, const Workload& workload);

StepPlan plan_step(const OpGraph& graph, const Workload& workload);

}  // namespace llmarch::fast
