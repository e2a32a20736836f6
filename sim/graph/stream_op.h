// The operations of a residual stream that is several vectors wide (AltUp): what each computes, and
// what it touches. Part of op.h, which has the other operations.
#pragma once

#include "sim/graph/operands.h"

namespace llmarch {

// Each row of `in` is `vectors` vectors. Each of them is scaled to the root mean square of the row
// of `reference`; a mean square below `least` is replaced by `least`.
struct MatchMagnitude {
  Integer vectors;
  double least;
  ValueId in, reference, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{reference}, Writes{out});
  }
};

// The mean of the `vectors` vectors of each row.
struct AverageVectors {
  Integer vectors;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Writes{out}); }
};

// out_j = in_j + sum over i of coefficient (j, i) * in_i, for the streams i and j of a row.
struct PredictStreams {
  Integer streams;
  ValueId in, coefficients, out;  // streams x width, streams x streams, streams x width
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{coefficients}, Writes{out});
  }
};

// out_j = in_j + (1 + coefficient j) * (activated - in_active)
struct CorrectStreams {
  Integer streams, active;
  ValueId in, activated, coefficients, out;  // streams x width, width, streams, streams x width
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{activated}, Reads{coefficients}, Writes{out});
  }
};

// Adds `added` to every stream but the first.
struct AddToOtherStreams {
  Integer streams;
  ValueId in, added, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Reads{added}, Writes{out}); }
};

}  // namespace llmarch
