// The arithmetic of recurrences for one value head. Part of work_units.cc.
#pragma once

#include "sim/figures.h"
#include "sim/graph/op.h"

namespace llmarch::fast {

struct RecurrenceUnits {
  Work token;
  // By chunks: a pair of a token and one before it in its chunk, and a chunk.
  Work pair = {};
  Work chunk = {};
};

// `decays` are those of the head at one token: one, or one for each row of its state.
RecurrenceUnits units_of(const Recurrence& op, Integer decays);
RecurrenceUnits units_of(const ChunkedRecurrence& op, Integer decays);

}  // namespace llmarch::fast
