// OpGraph: the model as a list of operations on symbolic tensors. It is what the cost rules price
// and what the executor runs, the very same list. This file knows the operations and what each
// reads and writes; lower.h knows which of them make an architecture, workload.h how many rows they
// have.
//
// Barrier: beyond this point there are no model names. Shapes are symbolic in the workload: a value
// has a number of columns and says what its rows stand for, so one graph serves every workload.
//
// To add an operation: a struct here, one line in `Op`; the compiler then names the cost rule and
// the kernel that are missing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/graph/reach.h"
#include "sim/graph/weight_role.h"
#include "sim/graph/work_kind.h"
#include "sim/graph/workload.h"
#include "sim/spec/arch_spec.h"
#include "sim/units.h"

namespace llmarch {

using WeightId = std::size_t;  // index into OpGraph::weights
using CacheId = std::size_t;   // index into OpGraph::caches
using ValueId = std::size_t;   // index into Block::values

// A weight of a block. Every layer that runs the block has one of its own.
struct Weight {
  WeightRole role;
  std::size_t block = 0;
  Integer rows;        // output columns; 1 for a vector
  Integer columns;     // input columns
  Integer copies = 1;  // experts
  [[nodiscard]] Elements elements_of_copy() const { return Elements(rows * columns); }
  [[nodiscard]] Elements elements() const { return Elements(rows * columns * copies); }
};

// A cache of a block: what one position of one sequence adds to it. It grows with every position
// and keeps what the queries to come can still reach.
struct Cache {
  std::string name;
  std::size_t block = 0;
  Integer columns;
  Reach reach;
};

// What the rows of a value stand for.
enum class RowAxis {
  tokens,  // batch x tokens
  keys,    // batch x (past + tokens)
  logits,  // batch x the positions whose logits are wanted
};

struct Value {
  RowAxis rows = RowAxis::tokens;
  Integer columns;
};

// Row t of `out` is row id(t) of the table.
struct Embed {
  WeightId table;
  ValueId out;
};

// out = in + row position(t) of the table.
struct AddPositions {
  WeightId table;
  ValueId in, out;
};

// out = in * factor
struct Scale {
  double factor;
  ValueId in, out;
};

// out = in * (1 + strength ln(floor((position + 1) / floor) + 1)). Like the angles of rotation, the
// factors are made once and are not counted.
struct ScaleByPosition {
  Temperature temperature;
  ValueId in, out;
};

// out = in * sigmoid(gate), one gate for each row
struct GateRows {
  ValueId gate, in, out;
};

// out = cap tanh(in / cap)
struct SoftCap {
  double cap;
  ValueId in, out;
};

// Each row is `groups` vectors, and each is normalised by itself with the same weight, or with
// none.
struct Normalize {
  NormKind kind;
  double epsilon;
  Integer groups;
  std::optional<WeightId> weight;  // (columns / groups)
  std::optional<WeightId> bias;
  ValueId in, out;
};

// out = in * weight^T + bias, weight (rows, columns). With a clip, each weight is first held within
// -clip and clip; that is a comparison, and no arithmetic.
struct Project {
  WeightId weight;
  std::optional<WeightId> bias;
  ValueId in, out;
  std::optional<double> weight_clip = {};
};

// Each row of `out` is a vector for each copy of the weight: copy c times its own vector of `in`,
// or times the one vector that `in` has.
struct ProjectEach {
  WeightId weight;  // (rows, columns), a copy per vector
  ValueId in, out;
};

// out = in * weight, element by element, the same for every row
struct ScaleColumns {
  WeightId weight;  // (columns)
  ValueId in, out;
};

// out = max(0, in - (mean + deviations * standard deviation)) of the row
struct Sparsify {
  double deviations;
  ValueId in, out;
};

// `out.columns` columns of each row, from `offset` on.
struct SelectColumns {
  Integer offset;
  ValueId in, out;
};

// out = left and then right, row by row
struct JoinColumns {
  ValueId left, right, out;
};

// Each of the `vectors` vectors in a row of `in` is brought to the root mean square of the row of
// `reference`. A mean square below `least` is taken for that.
struct MatchMagnitude {
  Integer vectors;
  double least;
  ValueId in, reference, out;
};

// The mean of the `vectors` vectors in a row.
struct AverageVectors {
  Integer vectors;
  ValueId in, out;
};

// out_j = in_j + sum over i of coefficient (j, i) * in_i, for the streams i, j of a row.
struct PredictStreams {
  Integer streams;
  ValueId in, coefficients, out;  // streams x width, streams x streams, streams x width
};

// out_j = in_j + (1 + coefficient j) * (activated - in_active)
struct CorrectStreams {
  Integer streams, active;
  ValueId in, activated, coefficients, out;  // streams x width, width, streams, streams x width
};

// `added` on top of every stream but the first.
struct AddToOtherStreams {
  Integer streams;
  ValueId in, added, out;
};

// Each row is `heads` vectors of equal width; in each, `dim` elements from `offset` on are turned
// in pairs by angles that depend on the position. The tables of angles are made once and are not
// counted.
struct Rotate {
  Rotary rotary;
  Integer heads, offset, dim;
  ValueId in, out;
};

// Appends the rows of `in` to the cache.
struct Store {
  CacheId cache;
  ValueId in;
};

// Scaled dot-product attention, causal, over a cache of this layer or of another block's newest
// one; `query_heads / kv_heads` query heads share a key/value head.
struct Attend {
  Integer query_heads, kv_heads, head_dim;
  double scale;
  std::optional<double> soft_cap;  // on the scores, before the softmax
  Reach reach;
  ValueId query;
  CacheId keys, values;
  ValueId out;
};

// The sizes that latent attention's operations share; per head unless said otherwise.
struct LatentShape {
  Integer heads, nope_dim, rope_dim, value_dim;
  Integer latent_dim;  // of the cached latent, for all heads
};

// Per head: the un-rotated query times key_up, so that it can meet the latent itself.
struct AbsorbQuery {
  LatentShape shape;
  WeightId key_up;  // (heads x nope, latent)
  ValueId query;    // heads x (nope + rope)
  ValueId out;      // heads x latent
};

// Attention of all heads over the one cached latent and the one cached rotated key.
struct AttendLatent {
  LatentShape shape;
  double scale;
  ValueId absorbed;  // heads x latent
  ValueId query;     // heads x (nope + rope), of which the rotated part is read
  CacheId latents, rope_keys;
  ValueId out;  // heads x latent
};

// Per head: the attended latent times value_up.
struct ExpandAttended {
  LatentShape shape;
  WeightId value_up;  // (heads x value, latent)
  ValueId in, out;    // heads x latent, heads x value
};

// Every cached latent times key_up and value_up: keys and values of all heads at every position.
// One operation, as the two matrices are one in published models and each latent is opened once.
struct ExpandLatents {
  CacheId latents;
  WeightId key_up, value_up;  // (heads x nope, latent), (heads x value, latent)
  ValueId keys, values;       // rows: keys
};

// Attention over expanded keys and values; the rotated key comes from the cache, for all heads.
struct AttendExpanded {
  LatentShape shape;
  double scale;
  ValueId query;         // heads x (nope + rope)
  ValueId keys, values;  // rows: keys; heads x nope, heads x value
  CacheId rope_keys;
  ValueId out;  // heads x value
};

// out = f(in)
struct Activate {
  Activation activation;
  ValueId in, out;
};

// out = f(gate) * up
struct Gate {
  Activation activation;
  ValueId gate, up, out;
};

// out = left + right
struct Add {
  ValueId left, right, out;
};

// For each row, the chosen experts and their weights: `experts_per_token` indices, then as many
// weights.
struct Route {
  Router router;
  Integer experts, experts_per_token;
  WeightId weight;                          // (experts, hidden)
  std::optional<WeightId> correction_bias;  // (experts)
  ValueId in, out;
};

// What an expert's weight multiplies.
enum class Weighted { output, input };

// The chosen experts' gated feed-forwards, weighted and summed.
struct RunExperts {
  Activation activation;
  Weighted weighted;
  Integer experts, experts_per_token;
  WeightId gate, up, down;  // (width, hidden), (width, hidden), (hidden, width), a copy per expert
  ValueId in, choice, out;
};

// The rows whose logits are wanted.
struct SelectRows {
  ValueId in, out;
};

using Op =
    std::variant<Embed, AddPositions, Scale, ScaleByPosition, ScaleColumns, GateRows, SoftCap,
                 Sparsify, Normalize, Project, ProjectEach, Rotate, Store, Attend, AbsorbQuery,
                 AttendLatent, ExpandAttended, ExpandLatents, AttendExpanded, Activate, Gate, Add,
                 Route, RunExperts, SelectRows, SelectColumns, JoinColumns, MatchMagnitude,
                 AverageVectors, PredictStreams, CorrectStreams, AddToOtherStreams>;

// When an operation runs: always, or only in one form of latent attention.
enum class When { always, absorbed, expanded };

bool runs_in(When when, LatentForm form);

struct Node {
  std::string name;  // "query projection": a row of the books
  When when = When::always;
  WorkKind kind;   // of work
  Component part;  // of the model; where the operation reads weights, the component they count in
  Op op;
};

enum class BlockKind { input, layer, output };

// Operations that run together: the embedding, one kind of layer, the head. A layer block is stored
// once and runs once for each of its layers.
struct Block {
  std::string name;
  BlockKind kind;
  Integer repeats = 1;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::optional<ValueId> input;  // the hidden state; absent in the input block
  // What goes along with the hidden state to every layer: the input block makes it for all layers
  // side by side, and a layer is given its own columns of it, its place in the stack times their
  // number. Absent where nothing goes along.
  std::optional<ValueId> per_layer_input;
  ValueId output = 0;  // the hidden state, or the logits
};

struct OpGraph {
  std::vector<Block> blocks;  // the input block first, the output block last
  std::vector<Weight> weights;
  std::vector<Cache> caches;
  std::vector<std::size_t> layers;  // the block of each layer in order

  [[nodiscard]] const Weight& weight(WeightId id) const { return weights.at(id); }
  [[nodiscard]] const Cache& cache(CacheId id) const { return caches.at(id); }
  // How many instances of it a model holds.
  [[nodiscard]] Integer instances(const Weight& weight) const {
    return blocks.at(weight.block).repeats;
  }
};

// Token ids below this are in every table that a token is looked up in.
Integer token_vocabulary(const OpGraph& graph);

// The rows of a learned position table, beyond which a model cannot go; none where it has no such
// table.
std::optional<Integer> learned_positions(const OpGraph& graph);

}  // namespace llmarch
