// How many keys are met: the closed forms of causality, windows and chunks. All figures are those
// of one sequence.
#pragma once

#include "sim/graph/reach.h"
#include "sim/graph/workload.h"

namespace llmarch {

// (query, key) pairs of the step's new tokens.
Integer attended_pairs(const Workload& workload, const Reach& reach);

// Cached positions that at least one of the new tokens meets.
Integer opened_positions(const Workload& workload, const Reach& reach);

// Positions that a cache must hold after `context` of them, so that the newest could be computed
// again: all, or what lies in the window, or in the chunk. A chunk is not a window: behind its
// border it begins again with one. `context` is at least 1.
Integer held_positions(Integer context, const Reach& reach);

// The most that it holds at any position up to `context`: all, or a whole window or chunk.
Integer most_held_positions(Integer context, const Reach& reach);

}  // namespace llmarch
