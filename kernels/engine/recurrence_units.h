// The arithmetic of recurrences for one value head. Part of work_units.cc.
#pragma once

#include "kernels/engine/work_units.h"
#include "sim/graph/op.h"

namespace llmarch::fast {

// `decays` are those of the head at one token: one, or one for each row of its state.
WorkUnits units_of(const Recurrence& op, Integer decays);
WorkUnits units_of(const ChunkedRecurrence& op, Integer decays);

}  // namespace llmarch::fast
