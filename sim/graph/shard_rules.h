// The rules of tensor and expert parallelism, one for each operation: which parts of its operands a
// rank needs, and what it leaves. Where operands are in another layout, rank_block.h brings them
// into the right one. Private to sim/graph.
#pragma once

#include "sim/graph/rank_block.h"

namespace llmarch {

// The parts of each value of a block that belong together, from the operations that use it: heads,
// or columns where nothing uses more of them together.
std::vector<Integer> units_of(const OpGraph& graph, const Block& block);

// Appends what the rank does of the block's operation.
void append_share(RankBlock& block, const Op& op);

}  // namespace llmarch
