// The operations that models are lowered to: what each computes, with which sizes, and what it
// touches. op_graph.h puts them together to a model.
//
// To add an operation: a struct here with its `visit_operands`, and its name in `Op`. The compiler
// then names the cost rule and the kernels that are missing.
#pragma once

#include <optional>
#include <variant>

#include "sim/graph/operands.h"
#include "sim/graph/stream_op.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// Row t of `out` is the row of the table at the id of token t.
struct Embed {
  WeightId table;
  ValueId out;
  void visit_operands(auto& visitor) const { touch(visitor, LooksUp{table, out}, Writes{out}); }
};

// out = in + the row of the table at the token's position, counted from row `offset` on
struct AddPositions {
  WeightId table;
  ValueId in, out;
  Integer offset = 0;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, LooksUp{table, out}, WritesInPlace{out});
  }
};

// out = in * factor
struct Scale {
  double factor;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// out = in * growth_at(position). The factors are made once, as the angles of a rotation are, and
// are not counted.
struct ScaleByPosition {
  Temperature temperature;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// out = in * f(gate), or in * gate without a function. A row of `in` is as many vectors of equal
// width as a row of `gate` has gates, each of which multiplies its own vector.
struct GateRows {
  ValueId gate, in, out;
  std::optional<Activation> activation = Activation::sigmoid;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{gate}, WritesInPlace{out});
  }
};

// out = cap tanh(in / cap)
struct SoftCap {
  double cap;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// out = in, each element brought within -bound and bound. A comparison is no arithmetic.
struct Clip {
  double bound;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// Each row is `groups` vectors. Each of them is normalised by itself, all with the same weight and
// bias where there are any, or each with its own copy of the weight.
struct Normalize {
  NormKind kind;
  double epsilon;
  Integer groups;
  std::optional<WeightId> weight;  // (columns / groups); one copy, or one for each group
  std::optional<WeightId> bias;    // likewise, one copy
  ValueId in, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, WritesInPlace{out});
    if (weight) visitor(ReadsWeight{*weight});
    if (bias) visitor(ReadsWeight{*bias});
  }
};

// out = in * weight^T + bias, weight (rows, columns). With a clip, each weight is first brought
// within -clip and clip; that is a comparison and no arithmetic.
struct Project {
  WeightId weight;
  std::optional<WeightId> bias;
  ValueId in, out;
  std::optional<double> weight_clip = {};
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{weight}, Writes{out});
    if (bias) visitor(ReadsWeight{*bias});
  }
};

// Each row of `out` has a vector for each copy of the weight: the copy times its own vector of
// `in`, or times the one vector that a row of `in` is.
struct ProjectEach {
  WeightId weight;  // (rows, columns), a copy for each vector
  ValueId in, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{weight}, Writes{out});
  }
};

// out = in * weight, the same for every row. A row is as many vectors of equal width as the weight
// has elements, each of which multiplies its own vector.
struct ScaleColumns {
  WeightId weight;  // (columns), or fewer
  ValueId in, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{weight}, WritesInPlace{out});
  }
};

// out = in * factor, where the factor is a constant of the checkpoint, which is not read as a
// weight is
struct ScaleByConstant {
  WeightId factor;  // (1), of WeightKind::constant
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// out = max(0, in - (mean + deviations * standard deviation)), both of the row
struct Sparsify {
  double deviations;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Writes{out}); }
};

// As many columns of each row as `out` has, from `offset` on.
struct SelectColumns {
  Integer offset;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Writes{out}); }
};

// Each row of `out` is the row of `left` followed by that of `right`.
struct JoinColumns {
  ValueId left, right, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{left}, Reads{right}, Writes{out});
  }
};

// Each row is `heads` vectors of equal width. In each of them `dim` elements from `offset` on are
// turned in pairs, by angles that depend on the position; or only the first `rotary.turned_pairs`
// of the pairs. The tables of angles are made once and are not counted.
struct Rotate {
  Rotary rotary;
  Integer heads, offset, dim;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// Appends the rows of `in` to the cache.
struct Store {
  CacheId cache;
  ValueId in;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Stores{cache, in}); }
};

// Causal scaled dot-product attention over a cache, of this layer or of the newest layer of another
// block; each key/value head serves `query_heads / kv_heads` query heads.
struct Attend {
  Integer query_heads, kv_heads, head_dim;
  double scale;
  std::optional<double> soft_cap;  // on the scores, before the softmax
  Reach reach;
  ValueId query;
  CacheId keys, values;
  ValueId out;
  std::optional<Integer> value_dim = {};  // of a head's value; absent: head_dim
  // Of each query head, a score of its own in the softmax's sum, to which no value belongs.
  std::optional<WeightId> sinks = {};  // (query_heads)
  // Added to the score of each key: this times the slope of the query head (alibi_slope) times the
  // position of the key less that of the query.
  std::optional<double> alibi = {};
  [[nodiscard]] Integer value_width() const { return value_dim.value_or(head_dim); }
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, ReadsCache{keys, reach, CacheUse::keys, kv_heads},
          ReadsCache{values, reach, CacheUse::values, kv_heads}, Writes{out});
    if (sinks) visitor(ReadsWeight{*sinks});
  }
};

// The sizes that the operations of latent attention share; of one head unless said otherwise.
struct LatentShape {
  Integer heads, nope_dim, rope_dim, value_dim;
  Integer latent_dim;  // of the cached latent, for all heads
};

// For each head: the part of the query that is not rotated times key_up, so that its product with a
// cached latent is its product with the key which that latent would be expanded to.
struct AbsorbQuery {
  LatentShape shape;
  WeightId key_up;  // (heads x nope, latent)
  ValueId query;    // heads x (nope + rope)
  ValueId out;      // heads x latent
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, ReadsWeight{key_up}, Writes{out});
  }
};

// Attention of all heads over the one cached latent and the one cached rotated key.
struct AttendLatent {
  LatentShape shape;
  double scale;
  ValueId absorbed;  // heads x latent
  ValueId query;     // heads x (nope + rope), of which the rotated part is used
  CacheId latents, rope_keys;
  ValueId out;  // heads x latent
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{absorbed}, Reads{query},
          ReadsCache{latents, EveryKey{}, CacheUse::keys, 1},
          ReadsCache{rope_keys, EveryKey{}, CacheUse::keys, 1}, Writes{out});
  }
};

// For each head: the weighted sum of latents times value_up.
struct ExpandAttended {
  LatentShape shape;
  WeightId value_up;  // (heads x value, latent)
  ValueId in, out;    // heads x latent, heads x value
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{value_up}, Writes{out});
  }
};

// Every cached latent times key_up and value_up: keys and values of all heads at every position.
// One operation and not two, since published models store the two matrices as one and each latent
// is read once.
struct ExpandLatents {
  CacheId latents;
  WeightId key_up, value_up;  // (heads x nope, latent), (heads x value, latent)
  ValueId keys, values;       // rows: keys
  void visit_operands(auto& visitor) const {
    touch(visitor, ReadsCache{latents, EveryKey{}, CacheUse::keys, 1}, ReadsWeight{key_up},
          ReadsWeight{value_up}, Writes{keys}, Writes{values});
  }
};

// Attention over expanded keys and values; the rotated part of a key comes from the cache and is
// the same for all heads.
struct AttendExpanded {
  LatentShape shape;
  double scale;
  ValueId query;         // heads x (nope + rope)
  ValueId keys, values;  // rows: keys; heads x nope, heads x value
  CacheId rope_keys;
  ValueId out;  // heads x value
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, Reads{keys}, Reads{values},
          ReadsCache{rope_keys, EveryKey{}, CacheUse::keys, 1}, Writes{out});
  }
};

// out = f(in)
struct Activate {
  Activation activation;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, WritesInPlace{out}); }
};

// xIELU with the two numbers of its layer. What they are made into by softplus is made once and not
// counted.
struct ActivateXielu {
  Xielu xielu;
  WeightId positive, negative;  // (1) each
  ValueId in, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{positive}, ReadsWeight{negative}, WritesInPlace{out});
  }
};

// f(gate) * (up + up_offset), both held within the limit where there is one; holding them there is
// a comparison and no arithmetic.
struct GateForm {
  Activation activation;
  std::optional<GateLimit> limit = {};
  std::optional<double> up_offset = {};
};

// out = the gated product, element by element
struct Gate {
  GateForm form;
  ValueId gate, up, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{gate}, Reads{up}, WritesInPlace{out});
  }
};

// out = left + right
struct Add {
  ValueId left, right, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{left}, Reads{right}, WritesInPlace{out});
  }
};

// out = left * right, element by element
struct Multiply {
  ValueId left, right, out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{left}, Reads{right}, WritesInPlace{out});
  }
};

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

// out = exp(-exp(rate) in): the share of a state that is kept. A row of `in` is as many vectors of
// equal width as there are rates, each with its own. The exponentials of the rates are made once
// and not counted.
struct Decay {
  WeightId rate;
  ValueId in, out;
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
  ValueId decay;              // value_heads; or value_heads x key_dim, for each row of a state
  ValueId out;                // value_heads x value_dim
  std::optional<ValueId> strength = {};  // value_heads
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, Reads{key}, Reads{value}, Reads{decay}, StepsState{state, value},
          Writes{out});
    if (strength) visitor(Reads{*strength});
  }
};

// Chooses experts for each row of `in`, and how much each of them counts. `out` is a choice.
struct Route {
  Router router;
  Integer experts, experts_per_token;
  WeightId weight;                          // (experts, hidden)
  std::optional<WeightId> correction_bias;  // (experts)
  ValueId in, out;
  std::optional<WeightId> bias = {};          // (experts), added to the products
  std::optional<WeightId> expert_scale = {};  // (experts), multiplies the weights
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, ReadsWeight{weight}, Writes{out});
    if (correction_bias) visitor(ReadsWeight{*correction_bias});
    if (bias) visitor(ReadsWeight{*bias});
    if (expert_scale) visitor(ReadsWeight{*expert_scale});
  }
};

// What the weight that a router gives to an expert multiplies.
enum class Weighted { output, input };

// The biases of the experts' projections, a copy per expert.
struct ExpertBiases {
  WeightId gate, up, down;  // (width), (width), (hidden)
};

// The feed-forwards of the chosen experts, gated or not, weighted and summed.
struct RunExperts {
  GateForm form;
  Weighted weighted;
  Integer experts, experts_per_token;
  std::optional<WeightId> gate;  // (width, columns of in), a copy per expert; absent: no gate
  WeightId up, down;             // likewise, and (columns of in, width)
  ValueId in, choice, out;
  std::optional<ExpertBiases> biases = {};
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{choice}, Writes{out});
    visit_weights([&](WeightId weight) { visitor(ReadsExperts{weight, in, experts_per_token}); });
  }
  // Of one expert, all that it reads.
  void visit_weights(const auto& visit) const {
    if (gate) visit(*gate);
    for (const WeightId weight : {up, down}) visit(weight);
    if (!biases) return;
    for (const WeightId bias : {biases->gate, biases->up, biases->down}) visit(bias);
  }
};

// The rows whose logits are wanted.
struct SelectRows {
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, ReadsSelected{in, out}, Writes{out}); }
};

using Op =
    std::variant<Embed, AddPositions, Scale, ScaleByPosition, ScaleColumns, ScaleByConstant,
                 GateRows, SoftCap, Clip, ActivateXielu, Sparsify, Normalize, Project, ProjectEach,
                 Rotate, Store, Attend, AbsorbQuery, AttendLatent, ExpandAttended, ExpandLatents,
                 AttendExpanded, Activate, Gate, Add, Multiply, Convolve, NormalizeLength, Decay,
                 Recurrence, Route, RunExperts, SelectRows, SelectColumns, JoinColumns,
                 MatchMagnitude, AverageVectors, PredictStreams, CorrectStreams, AddToOtherStreams>;

template <class Visitor>
void visit_operands(const Op& op, Visitor&& visitor) {
  std::visit([&](const auto& kind) { kind.visit_operands(visitor); }, op);
}

}  // namespace llmarch
