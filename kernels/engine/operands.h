// What an operation reads and writes of its block's values. This file knows no more of an operation
// than that; the plan of a step is made from it.
#pragma once

#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch::fast {

struct Operands {
  std::vector<ValueId> read;
  std::vector<ValueId> written;
};

Operands operands_of(const Op& op);

// A value that may lie where the operation's first operand lies: element by element the one becomes
// the other, and no other element is read after it.
bool works_in_place(const Op& op);

}  // namespace llmarch::fast
