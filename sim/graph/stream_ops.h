// The operations on parallel residual streams and beside the residual: what AltUp, per-layer
// embeddings and activation sparsity add to a decoder. A value with N streams is N vectors of equal
// width in each row, one behind another. op_graph.h has all the others, and the variant of all.
#pragma once

#include <vector>

#include "sim/graph/ids.h"
#include "sim/units.h"

namespace llmarch {

// out = the columns of `in` from `offset` on, as many as `out` has. Others are not opened.
struct TakeColumns {
  Integer offset;
  ValueId in, out;
};

// out = the columns of all `in`, one behind another.
struct JoinColumns {
  std::vector<ValueId> in;
  ValueId out;
};

// out = in * rms(reference) / sqrt(max(mean square of in, floor)), row by row
struct MatchMagnitude {
  double floor;
  ValueId reference, in, out;
};

// out_j = in_j + sum over i of coefficient[j * streams + i] in_i, a row's coefficients its own
struct MixStreams {
  Integer streams;
  ValueId coefficients, in, out;
};

// out_j = in_j + (coefficient[j] + 1) (result - in_active)
struct CorrectStreams {
  Integer streams, active;
  ValueId coefficients, result, in, out;
};

// out_j = in_j + addend for the streams from `first` on; the others are copied
struct AddToStreams {
  Integer streams, first;
  ValueId in, addend, out;
};

// out = in * weight, column by column
struct ScaleColumns {
  WeightId weight;
  ValueId in, out;
};

// out = max(in - (mean + deviations * standard deviation), 0), both over the row. What is left is
// about the share of a normal distribution above so many deviations.
struct Sparsify {
  double deviations;
  ValueId in, out;
};

}  // namespace llmarch
