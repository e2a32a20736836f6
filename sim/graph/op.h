// The operations that models are lowered to: what each computes, with which sizes, and what it
// touches. op_graph.h puts them together to a model.
//
// To add an operation: a struct here, or in one of the *_op.h that this file includes, with its
// `visit_operands`, and its name in `Op`. The compiler then names the cost rule and the kernels
// that are missing.
#pragma once

#include <optional>
#include <variant>

#include "sim/graph/compressed_op.h"
#include "sim/graph/exchange_op.h"
#include "sim/graph/index_op.h"
#include "sim/graph/latent_op.h"
#include "sim/graph/operands.h"
#include "sim/graph/share.h"
#include "sim/graph/state_op.h"
#include "sim/graph/stream_op.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// Row t of `out` is the row of the table at the id of token t. With a share of the table, the rows
// of ids outside of it are zero; a row is read for each of them all the same.
struct Embed {
  WeightId table;
  ValueId out;
  std::optional<Share> share = {};
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

enum class RotationSense { forward, back };

// Each row is `heads` vectors of equal width. In each of them `dim` elements from `offset` on are
// turned in pairs, by angles that depend on the position, or back by these; or only the first
// `rotary.turned_pairs` of the pairs. The tables of angles are made once and are not counted.
struct Rotate {
  Rotary rotary;
  Integer heads, offset, dim;
  ValueId in, out;
  RotationSense sense = RotationSense::forward;
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
  // A learned score for each query head, which enters the softmax's sum and to which no value
  // belongs.
  std::optional<WeightId> sinks = {};  // (query_heads)
  // Added to the score of each key: this times the slope of the query head (alibi_slope) times the
  // position of the key less that of the query.
  std::optional<double> alibi = {};
  std::optional<Share> share = {};  // of the query heads; absent: all
  // After the cap, the scores of a query are multiplied by score_growth_at its position. The
  // factors are made once and are not counted.
  std::optional<Integer> growth_length = {};
  std::optional<ValueId> log_sums = {};  // (query_heads): see WeighPart
  [[nodiscard]] Integer value_width() const { return value_dim.value_or(head_dim); }
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, ReadsCache{keys, reach, kv_heads},
          ReadsCache{values, reach, kv_heads}, Writes{out});
    if (sinks) visitor(ReadsWeight{*sinks});
    if (log_sums) visitor(Writes{*log_sums});
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
// a comparison and no arithmetic. Or SiTU instead.
struct GateForm {
  Activation activation;
  std::optional<GateLimit> limit = {};
  std::optional<double> up_offset = {};
  std::optional<Situ> situ = {};
};

// The form of the experts of a mixture; routed and shared ones have limits of their own.
inline GateForm gate_form_of(const MixtureFeedForward& mixture,
                             const std::optional<GateLimit>& limit) {
  return {mixture.activation, limit, mixture.up_offset, mixture.situ};
}

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

// Chooses experts for each row of `in`, and how much each of them counts; with a table, the experts
// are those that it lists for the row's token. `out` is a choice.
struct Route {
  Router router;
  Integer experts, experts_per_token;
  WeightId weight;                          // (experts, hidden)
  std::optional<WeightId> correction_bias;  // (experts)
  ValueId in, out;
  std::optional<WeightId> bias = {};          // (experts), added to the products
  std::optional<WeightId> expert_scale = {};  // (experts), multiplies the weights
  Integer identities = 0;                     // the last of the experts, which have no weights
  // A constant of the checkpoint, which is not read as a weight is: (experts_per_token), a copy for
  // each token of the vocabulary.
  std::optional<WeightId> listed = {};
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
  WeightId gate, up;             // (width) each
  std::optional<WeightId> down;  // (hidden); absent where another rank adds it to the same sum
};

// The feed-forwards of the chosen experts, gated or not, weighted and summed. A choice beyond the
// experts is of one of `identities`, each of which gives what it is given. With a share of the
// experts, what rows choose beside them is passed over.
struct RunExperts {
  GateForm form;
  Weighted weighted;
  Integer experts, experts_per_token;
  std::optional<WeightId> gate;  // (width, columns of in), a copy per expert; absent: no gate
  WeightId up, down;             // likewise, and (columns of in, width)
  ValueId in, choice, out;
  std::optional<ExpertBiases> biases = {};
  Integer identities = 0;
  std::optional<Share> share = {};  // never with identities
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{choice}, Writes{out});
    visit_weights([&](WeightId weight) { visitor(ReadsExperts{weight, in, experts_per_token}); });
  }
  // All weights that one expert reads.
  void visit_weights(const auto& visit) const {
    if (gate) visit(*gate);
    for (const WeightId weight : {up, down}) visit(weight);
    if (!biases) return;
    for (const WeightId bias : {biases->gate, biases->up}) visit(bias);
    if (biases->down) visit(*biases->down);
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
                 Rotate, Store, ChooseKeys, Attend, AbsorbQuery, AttendLatent, ExpandAttended,
                 ExpandLatents, AttendExpanded, Compress, AttendShared, Activate, Gate, Add,
                 Multiply, Convolve, NormalizeLength, Decay, Recurrence, ChunkedRecurrence,
                 SelectiveScan, Route, RunExperts, SelectRows, SelectColumns, JoinColumns,
                 MatchMagnitude, AverageVectors, PredictStreams, CorrectStreams, AddToOtherStreams,
                 RepeatVector, WeighStreams, CollapseStreams, MixStreams, AttendVectors,
                 AddToLastVector, WeighPart, DispatchRows, CombineRows, Exchange, Send, Receive>;

template <class Visitor>
void visit_operands(const Op& op, Visitor&& visitor) {
  std::visit([&](const auto& kind) { kind.visit_operands(visitor); }, op);
}

}  // namespace llmarch
