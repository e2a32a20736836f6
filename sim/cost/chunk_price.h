// The arithmetic of a recurrence by chunks. Part of op_cost.cc, where the conventions stand.
#pragma once

#include "sim/figures.h"
#include "sim/graph/op.h"

namespace llmarch {

// What all value heads take together.
struct ChunkPrice {
  Work token;
  Work pair;  // of a token and one before it in its chunk
  Work chunk;
};

// `decays` are those of a value head at one token: one, or one for each row of its state.
ChunkPrice price_of(const ChunkedRecurrence& op, Integer decays);

}  // namespace llmarch
