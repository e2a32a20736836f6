// The plan of a step: which nodes run, which projections run together, and where each value lies
// while its block runs. This file knows when a value is no longer needed; the kernels are called by
// engine.cc, which follows the plan layer by layer.
//
// Projections of one input are one piece of work: query, key and value; gate and up. They run where
// the first of them stands, and each keeps its line in the book.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch::fast {

// Where a value lies. The hidden state that enters a block and the one that leaves it change places
// from block to block, so they are called by their part. What the input block makes for every layer
// stays for the whole step, and each layer sees its own columns of it.
struct Slot {
  enum class Kind { none, hidden_in, hidden_out, per_layer, numbered } kind = Kind::none;
  std::size_t number = 0;
};

struct PlannedNode {
  std::size_t node;                   // index into Block::nodes
  std::vector<std::size_t> products;  // nodes of the projections that run here, in their order
};

struct BlockPlan {
  std::vector<PlannedNode> nodes;  // those that run, in order
  std::vector<Slot> slots;         // of each value of the block
};

struct StepPlan {
  std::vector<BlockPlan> blocks;
  std::vector<std::size_t> slot_floats;  // of each numbered slot, for all blocks
  std::size_t hidden_floats = 0;         // of each of the two hidden states
  std::size_t per_layer_columns = 0;     // of the second inputs of all layers
};

// Rows that a value has in the workload.
std::size_t row_count(RowAxis axis, const Workload& workload);

StepPlan plan_step(const OpGraph& graph, const Workload& workload);

}  // namespace llmarch::fast
