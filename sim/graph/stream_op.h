// The operations of a residual stream that is several vectors wide (AltUp, hyper-connections,
// attention residuals): what each computes, and what it touches. Part of op.h, which has the other
// operations.
#pragma once

#include <optional>

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

// Each row of `out` is the row of `in`, `times` times.
struct RepeatVector {
  Integer times;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Writes{out}); }
};

// The weights of a hyper-connection, made of `in`, whose elements are n weights a, and then n
// weights b and n x n weights c where `iterations` is given. Each kind is scaled by its own number
// and has a bias for each weight: x = scale in + bias. Then a = sigmoid(x) + epsilon, b = 2
// sigmoid(x), and each row of c is a softmax of its x, + epsilon; the columns of c are divided by
// their sums + epsilon; and then, iterations - 1 times, its rows and its columns are.
struct WeighStreams {
  Integer streams;
  std::optional<Integer> iterations;
  double epsilon;
  WeightId scale;   // (3), or (1) without b and c
  WeightId bias;    // (columns of in)
  ValueId in, out;  // n + n + n x n, or n without b and c
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{scale}, ReadsWeight{bias}, Writes{out});
  }
};

// out = sum over i of a_i in_i, with weights as WeighStreams makes them.
struct CollapseStreams {
  Integer streams;
  ValueId in, weights, out;  // streams x width, those of WeighStreams, width
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{weights}, Writes{out});
  }
};

// out_j = b_j added + sum over i of c_ij in_i, with weights as WeighStreams makes them.
struct MixStreams {
  Integer streams;
  ValueId in, added, weights, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{added}, Reads{weights}, Writes{out});
  }
};

// Each row of `values` is `vectors` vectors, and so is that of `keys`: out is the mean of the
// values with weights that are a softmax of the products of the query with the keys.
struct AttendVectors {
  Integer vectors;
  WeightId query;             // (width)
  ValueId keys, values, out;  // vectors x width, the same, width
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{keys}, Reads{values}, ReadsWeight{query}, Writes{out});
  }
};

// Adds `added` to the last of the vectors that a row of `in` is.
struct AddToLastVector {
  ValueId in, added, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Reads{added}, Writes{out}); }
};

// Adds `added` to every stream but the first.
struct AddToOtherStreams {
  Integer streams;
  ValueId in, added, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Reads{added}, Writes{out}); }
};

}  // namespace llmarch
