// The arithmetic of one element, row, key or expert of an operation, obtained by running the
// reference kernels with Counted. The fast kernels multiply it by the bounds of the loops that they
// ran. So the arithmetic is stated once, in kernels/reference, and each fast kernel knows how often
// it did it.
#pragma once

#include "sim/figures.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

// Only the columns of arithmetic are used.
struct WorkUnits {
  Work each;     // of one unit: the table in work_units.cc says which
  Work element;  // of one element that is written
  // What one value head of a recurrence by chunks takes for a pair of a token and one before it in
  // its chunk, and for a chunk.
  Work pair = {};
  Work chunk = {};
};

WorkUnits work_units(const OpGraph& graph, const Block& block, const Op& op);

}  // namespace llmarch::fast
