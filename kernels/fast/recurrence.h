// The operations of recurrences, in float. The mathematics is that of
// kernels/reference/recurrence_kernels.h. All throw std::invalid_argument when sizes do not agree.
#pragma once

#include <span>

#include "kernels/fast/fixed_state.h"
#include "kernels/fast/packed_matrix.h"
#include "kernels/fast/recurrent_heads.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"
#include "sim/graph/op.h"

namespace llmarch::fast {

// Each row is `vectors` vectors, each brought to length 1.
void normalize_length(Team& team, ConstRows in, std::size_t vectors, float epsilon, Rows out);

// The decay of kernels/reference/recurrence_kernels.h; a row is as many vectors of equal width as
// there are rates.
void decay(Team& team, const Decay& op, ConstRows in, std::span<const float> rates, Rows out);

// Token by token, each head by one thread, which changes its state where it lies. Returns how often
// a state was changed.
std::size_t run_recurrence(Team& team, const RecurrenceShape& shape, const Places& places,
                           const RecurrenceRows& rows, FixedState& state);

// How often each part of the work of a recurrence by chunks was done, over all heads and sequences.
struct ChunkedCounts {
  std::size_t tokens = 0;
  std::size_t pairs = 0;  // of a token and one before it in its chunk
  std::size_t chunks = 0;
  ChunkedCounts& operator+=(const ChunkedCounts& more);
};

// The floats of scratch that `threads` threads need for chunks of at most so many tokens.
std::size_t chunked_recurrence_floats(const RecurrenceShape& shape, std::size_t chunk,
                                      std::size_t threads);

// By chunks of so many tokens, each head by one thread.
ChunkedCounts run_chunked_recurrence(Team& team, const RecurrenceShape& shape, std::size_t chunk,
                                     const Places& places, const RecurrenceRows& rows,
                                     FixedState& state, float* scratch);

struct ScanRows {
  ConstRows query, key;  // state_dim
  ConstRows step, in;    // columns
  Rows out;              // columns
};

// The floats of scratch that a selective scan needs.
std::size_t scan_floats(std::size_t columns, std::size_t state_dim);

// Token by token, a share of the columns by each thread. `rates` is (columns, state_dim), of
// logarithms. The state of a sequence lies as (state_dim, columns), so that columns are run side by
// side.
void run_scan(Team& team, const PackedMatrix& rates, const Places& places, const ScanRows& rows,
              FixedState& state, float* scratch);

}  // namespace llmarch::fast
