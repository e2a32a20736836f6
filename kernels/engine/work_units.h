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
  Work each;     // of one unit as in the table below
  Work element;  // of one element that is written
};

//                 each                                          element
// Normalize       one vector, width = columns / groups           -
// Project         one row                                        its bias
// Rotate          one pair                                       -
// Attend*         one query head and one key                  -
// AbsorbQuery, ExpandAttended, ExpandLatents: one row            -
// Route           one row                                        -
// RunExperts      one row through one expert                     -
// GateRows        one row                                        one
// AddPositions, Scale, ScaleByPosition, SoftCap, Activate, Gate, Add:   one element
// ScaleColumns: one element. Others of parallel streams: one row.
// Embed, Store, SelectRows, SelectColumns, JoinColumns copy: none
WorkUnits work_units(const OpGraph& graph, const Block& block, const Op& op);

}  // namespace llmarch::fast
