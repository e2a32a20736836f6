// The operations on states of a fixed size, convolutions and recurrences, and those that only they
// need: what each computes, and what it touches. Part of op.h, which has the other operations.
#pragma once

#include <optional>

#include "sim/graph/operands.h"
#include "sim/graph/share.h"

namespace llmarch {

// Each column by itself, causally along the positions of its sequence: out at position p is the sum
// of tap k times `in` at position p - kernel + 1 + k. The state is the kernel - 1 rows of `in`
// before the step, oldest first; before the first position they are zero.
struct Convolve {
  WeightId taps;  // (columns, kernel)
  CacheId state;  // (kernel - 1) rows of columns
  ValueId in, out;
  std::optional<WeightId> bias = {};  // (columns)
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{taps}, ReadsState{state}, OverwritesState{state},
          Writes{out});
    if (bias) visitor(ReadsWeight{*bias});
  }
};

// Each row of `in` is `vectors` vectors, each brought to length 1: x / sqrt(x . x + epsilon).
struct NormalizeLength {
  Integer vectors;
  double epsilon;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// out = exp(-exp(rate) in), or exp(least_log sigmoid(exp(rate) in)): the share of a state that is
// kept. A row of `in` is as many vectors of equal width as there are rates, each with its own. The
// exponentials of the rates are made once and not counted.
struct Decay {
  WeightId rate;
  ValueId in, out;
  std::optional<double> least_log = {};
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{rate}, WritesInPlace{out});
  }
};

// The sizes of a linear recurrence. A state for each value head, key_dim x value_dim; value_heads /
// key_heads of them share a query and a key.
struct RecurrenceShape {
  Integer key_heads, value_heads, key_dim, value_dim;
  [[nodiscard]] Integer state_elements() const { return value_heads * key_dim * value_dim; }
};

// Token by token, and for each value head with its state S:
//   S = decay S;  S += key change^T;  out = S^T query
// where the change is the value (Mamba-2, arXiv 2405.21060), or with a strength that of the gated
// delta rule (arXiv 2412.06464, equation 10): strength (value - S^T key).
struct Recurrence {
  RecurrenceShape shape;
  CacheId state;              // value_heads x key_dim x value_dim
  ValueId query, key, value;  // key_heads x key_dim, the same, value_heads x value_dim
  // value_heads; or value_heads x key_dim, for each row of a state. Absent: each head keeps the
  // same share at every token, which depends on the layer's place in the stack (lightning_decay).
  // Such shares are made once and not counted.
  std::optional<ValueId> decay;
  ValueId out;                           // value_heads x value_dim
  std::optional<ValueId> strength = {};  // value_heads
  std::optional<Share> share = {};       // of the value heads; absent: all
  std::size_t full_slopes_at = 0;        // the layer that has the full slopes of lightning_decay
  void visit_operands(auto& visitor) const {
    visit_rows(visitor);
    visitor(StepsState{state, value});
  }
  // All but the state.
  void visit_rows(auto& visitor) const {
    touch(visitor, Reads{query}, Reads{key}, Reads{value}, Writes{out});
    if (decay) visitor(Reads{*decay});
    if (strength) visitor(Reads{*strength});
  }
};

// The same over chunks of the step's tokens. Where a chunk finds the state S, D(i) is the product
// of its decays up to token i, and D(i, j) of those after token j up to i:
//   out_i = (D(i) S)^T query_i + sum over j <= i of ((D(i, j) key_j) . query_i) change_j
// with the value as the change or, by the delta rule, by substitution from the first token on,
//   change_i = strength_i (value_i - (D(i) S)^T key_i - sum over j < i of
//              ((D(i, j) key_j) . key_i) change_j)
// and the chunk leaves D S + sum over j of (D(end, j) key_j) change_j^T. Implementations that make
// all chunks ready at once invert the matrix of the scores instead of substituting (arXiv
// 2406.06484), and do more for the same result.
struct ChunkedRecurrence {
  Recurrence rule;
  Integer chunk;
  void visit_operands(auto& visitor) const {
    rule.visit_rows(visitor);
    visitor(StepsStateByChunk{rule.state, chunk});
  }
};

// Token by token, and for each column i with a state s of state_dim elements:
//   s = exp(-exp(rate_i) step_i) s + key (step_i in_i);  out_i = query . s
// (Mamba, arXiv 2312.00752, equation 2, with the discretisation of its code). `key` and `query`
// serve all columns. The exponentials of the rates are made once and not counted.
struct SelectiveScan {
  WeightId rate;          // (columns, state_dim)
  CacheId state;          // columns x state_dim
  ValueId query, key;     // state_dim each
  ValueId step, in, out;  // columns each
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, Reads{key}, Reads{step}, Reads{in}, ReadsWeight{rate},
          StepsState{state, in}, Writes{out});
  }
};

}  // namespace llmarch
