// Conventions, the same for every rule.
//
// An add, subtract, multiply or divide is one FLOP, so a product of length k is 2k. Comparisons,
// maxima, changes of sign and copies are none. exp, tanh, erf and roots are counted apart.
//
// Matrix FLOPs are those of matrix products: projections, both products of attention, router,
// experts, head. A bias, a norm, a softmax and an activation are other FLOPs.
//
// Causality is exact: the query at position p attends to p + 1 keys, fewer in a window or a chunk
// (driver.h). Where an index chooses the keys, it attends to those, and scores all of them first.
//
// An operation reads each weight, each cached element and each row of its operands once, however
// often it uses them; of an embedding table it reads the rows that it looks up. What it reads and
// writes follows from its operands (op.h), so that the rules below are about arithmetic alone.
#include "sim/cost/op_cost.h"

#include <optional>
#include <stdexcept>

#include "sim/cost/between_ranks.h"
#include "sim/cost/chunk_price.h"
#include "sim/cost/element_prices.h"
#include "sim/cost/operand_price.h"

namespace llmarch {
namespace {

// The arithmetic of each operation.
struct Arithmetic {
  const OpGraph& graph;
  const Block& block;
  Price& price;
  std::optional<ExpertReads>& experts;

  // Copies, and comparisons.
  void operator()(const Embed&) const {}
  void operator()(const Clip&) const {}
  void operator()(const Store&) const {}
  void operator()(const SelectRows&) const {}
  void operator()(const SelectColumns&) const {}
  void operator()(const JoinColumns&) const {}
  void operator()(const RepeatVector&) const {}
  void operator()(const Receive&) const {}
  void operator()(const Scale& op) const { per_element(op.in, {1, 0}); }
  void operator()(const ScaleByPosition& op) const { per_element(op.in, {1, 0}); }
  void operator()(const ScaleColumns& op) const { per_element(op.in, {1, 0}); }
  void operator()(const ScaleByConstant& op) const { per_element(op.in, {1, 0}); }
  void operator()(const AddPositions& op) const { per_element(op.in, {1, 0}); }
  void operator()(const Add& op) const { per_element(op.left, {1, 0}); }
  void operator()(const Multiply& op) const { per_element(op.left, {1, 0}); }
  void operator()(const SoftCap& op) const { per_element(op.in, kSoftCapPrice); }
  void operator()(const Activate& op) const { per_element(op.in, price_of(op.activation)); }
  void operator()(const Gate& op) const { per_element(op.gate, price_of(op.form)); }

  // On either side of 0 two products, a difference or a further product, and the sum of the two
  // terms; whichever side it is, one exponential.
  void operator()(const ActivateXielu& op) const { per_element(op.in, {4, 1}); }

  // An activation for each gate where there is one, a product for each element.
  void operator()(const GateRows& op) const {
    if (op.activation) per_element(op.gate, price_of(*op.activation));
    per_row(op.in).other += Flops(columns(op.in));
  }

  // The mean takes one for each element and one; the deviation three for each element, one, and a
  // root; the bound two; what lies above it one for each element.
  void operator()(const Sparsify& op) const {
    Work& row = per_row(op.in);
    row.other += Flops(5 * columns(op.in) + 4);
    row.transcendentals += Transcendentals(1);
  }

  // RMS: square and add, scale, and weight if there is one: 4 for each element; mean and epsilon: 2
  // and a root for each vector. Layer norm: besides these the mean (1 for each element, 1 for each
  // vector), its subtraction, and the bias if there is one.
  void operator()(const Normalize& op) const {
    const Integer width = columns(op.in) / op.groups;
    Integer each = op.kind == NormKind::rms ? 3 * width + 2 : 5 * width + 3;
    if (op.weight) each += width;
    if (op.bias) each += width;
    Work& row = per_row(op.in);
    row.other += Flops(op.groups * each);
    row.transcendentals += Transcendentals(op.groups);
  }

  void operator()(const Project& op) const {
    Work& row = per_row(op.in);
    row.matrix += Flops(2 * columns(op.in) * columns(op.out));
    if (op.bias) row.other += Flops(columns(op.out));
  }

  void operator()(const ProjectEach& op) const {
    per_row(op.in).matrix += Flops(2 * graph.weight(op.weight).elements().amount());
  }

  // A product of the kernel's length for each column, and the bias. There is no matrix in it: every
  // column has taps of its own.
  void operator()(const Convolve& op) const {
    const Integer kernel = graph.weight(op.taps).columns;
    per_element(op.in, {2 * kernel.value() + (op.bias ? 1 : 0), 0});
  }

  // The square of the length takes two for each element, epsilon one, and then a root; what it
  // divides, one for each element.
  void operator()(const NormalizeLength& op) const {
    Work& row = per_row(op.in);
    row.other += Flops(3 * columns(op.in) + op.vectors);
    row.transcendentals += Transcendentals(op.vectors);
  }

  // A product with the rate, and an exponential; with a bound a sigmoid and a product between them.
  void operator()(const Decay& op) const {
    per_element(op.in, op.least_log ? PerElement{2 + kSigmoidFlops, 2} : PerElement{1, 1});
  }

  // For each element of a state, the decay and two products of matrices: the key times the change,
  // and the query times the state. The delta rule has one more, of the key and the state, and for
  // each element of a value the difference and its strength.
  void operator()(const Recurrence& op) const {
    const Integer state = op.shape.state_elements();
    Work& row = per_row(op.value);
    const std::int64_t products = op.strength ? 3 : 2;
    row.matrix += Flops(products * 2 * state);
    row.other += Flops(state);
    if (op.strength) row.other += Flops(2 * columns(op.value));
  }

  void operator()(const ChunkedRecurrence& op) const {
    const Recurrence& rule = op.rule;
    const Integer heads = rule.shape.value_heads;
    const ChunkPrice each = price_of(op, rule.decay ? columns(*rule.decay) / heads : Integer(1));
    per_row(rule.value) += each.token;
    price.per_chunk_pair(op.chunk) += each.pair;
    price.per_chunk(op.chunk) += each.chunk;
  }

  // For each element of a state, its decay, an exponential of a product, and two products of a
  // matrix and a vector, as in a recurrence; for each column, what the key multiplies.
  void operator()(const SelectiveScan& op) const {
    const Integer state = graph.weight(op.rate).elements().amount();
    Work& row = per_row(op.in);
    row.matrix += Flops(4 * state);  // two products
    row.other += Flops(2 * state + columns(op.in));
    row.transcendentals += Transcendentals(state);
  }

  void operator()(const Rotate& op) const {
    per_row(op.in).other += Flops(op.heads * rotation_flops(op.rotary, op.dim));
  }

  // For each query, a product with the key; where they are weighed, the sum of the products with
  // their weights. What is below 0 and what is largest is found by comparisons.
  void operator()(const ChooseKeys& op) const {
    Integer each = op.groups * op.heads * op.head_dim;
    if (op.weights) each += op.heads;
    price.per_pair(op.scored).matrix += Flops(2 * each);
  }

  void operator()(const Attend& op) const {
    Work& pair = price.per_pair(op.reach);
    add_scores(pair, op.query_heads, op.head_dim + op.value_width());
    if (op.alibi) pair.other += Flops(op.query_heads * kAlibiFlops);
    if (op.sinks) add_sinks(per_row(op.query), op.query_heads);
    if (op.growth_length) pair.other += Flops(op.query_heads);
    if (op.log_sums) add_log_sums(per_row(op.query), op.query_heads);
    if (!op.soft_cap) return;
    pair.other += Flops(op.query_heads * kSoftCapPrice.flops);
    pair.transcendentals += Transcendentals(op.query_heads * kSoftCapPrice.transcendentals);
  }

  // For each position that an entry is made of and each of its columns, the bias, the softmax, and
  // what the weighted value adds to the sum. Then the norm of the entry, and its rotation.
  void operator()(const Compress& op) const {
    const Integer columns = graph.cache(op.entries).columns;
    Work group;
    group.other = Flops(op.positions * columns * (1 + kSoftmaxFlops + 2));
    group.transcendentals = Transcendentals(op.positions * columns);
    if (op.before) price.per_later_entry(op.positions) += group;
    Work& entry = price.per_entry(op.positions);
    entry += group;
    entry.other += Flops(4 * columns + 2 + rotation_flops(op.rotary, op.turned));
    entry.transcendentals += Transcendentals(1);
  }

  void operator()(const AttendShared& op) const {
    add_scores(price.per_pair(op.window), op.heads, 2 * op.head_dim);
    if (op.entries) add_scores(price.per_pair(op.entries->reach), op.heads, 2 * op.head_dim);
    add_sinks(per_row(op.query), op.heads);
  }

  void operator()(const AbsorbQuery& op) const {
    per_row(op.query).matrix += Flops(2 * op.shape.heads * op.shape.nope_dim * op.shape.latent_dim);
  }

  void operator()(const AttendLatent& op) const {
    const LatentShape& shape = op.shape;
    const Integer key_dim = shape.latent_dim + shape.rope_dim;
    add_scores(price.per_pair(op.reach), shape.heads, key_dim + shape.latent_dim);
    if (op.log_sums) add_log_sums(per_row(op.query), shape.heads);
  }

  void operator()(const ExpandAttended& op) const {
    per_row(op.in).matrix += Flops(2 * op.shape.heads * op.shape.latent_dim * op.shape.value_dim);
  }

  void operator()(const ExpandLatents& op) const {
    const Integer made = columns(op.keys) + columns(op.values);
    per_row(op.keys).matrix += Flops(2 * graph.cache(op.latents).columns * made);
  }

  void operator()(const AttendExpanded& op) const {
    const LatentShape& shape = op.shape;
    const Integer key_dim = shape.nope_dim + shape.rope_dim;
    add_scores(price.per_pair(op.reach), shape.heads, key_dim + shape.value_dim);
    if (op.log_sums) add_log_sums(per_row(op.query), shape.heads);
  }

  void operator()(const Route& op) const {
    const Integer chosen = op.experts_per_token;
    auto [flops, transcendentals] = scores_of(op);
    if (op.bias) flops += op.experts;
    if (op.router.product_soft_cap) {
      flops += op.experts * kSoftCapPrice.flops;
      transcendentals += op.experts * kSoftCapPrice.transcendentals;
    }
    if (op.correction_bias) flops += op.experts;
    if (op.router.groups && op.router.groups->score == GroupScore::best_two) {
      flops += op.router.groups->count;  // the sum of the best two
    }
    if (op.router.normalized_weights) flops += 2 * chosen;  // into the sum, over the sum
    if (op.router.weight_scale) flops += chosen;
    if (op.expert_scale) flops += chosen;
    Work& row = per_row(op.in);
    row.matrix += Flops(2 * columns(op.in) * op.experts);
    row.other += Flops(flops);
    row.transcendentals += Transcendentals(transcendentals);
  }

  // Whatever is chosen enters the weighted sum. Where it can only be experts, so many run for each
  // row; else as many as are expected. What is chosen of other ranks' experts is passed over, and
  // does not enter the sum.
  void operator()(const RunExperts& op) const {
    const Integer chosen = op.experts_per_token;
    const Flops weighted(2 * columns(op.in));
    if (op.share) {
      experts->identities = op.share->all - op.experts;
      experts->ranks = op.share->all / op.experts;
      experts->run = work_of_one(op);
      experts->run.other += weighted;
      return;
    }
    per_row(op.in).other += weighted * chosen;
    if (op.identities == 0) {
      per_row(op.in) += work_of_one(op) * chosen;
      return;
    }
    experts->identities = op.identities;
    experts->run = work_of_one(op);
  }

  template <OneOf<WeighPart, DispatchRows, CombineRows, Exchange, Send> Op>
  void operator()(const Op& op) const {
    BetweenRanks{block, price}(op);
  }

  // The reference and each vector need a mean square, which takes two operations for each element,
  // one for the mean, and a root. Then come the ratio of the roots, and one multiplication for each
  // element.
  void operator()(const MatchMagnitude& op) const {
    const Integer mean_squares = 2 * (columns(op.reference) + columns(op.in)) + 1 + op.vectors;
    Work& row = per_row(op.in);
    row.other += Flops(mean_squares + op.vectors + columns(op.in));
    row.transcendentals += Transcendentals(1 + op.vectors);
  }

  // All vectors into the sum, and the sum over their number.
  void operator()(const AverageVectors& op) const {
    per_row(op.in).other += Flops(columns(op.out) * op.vectors);
  }

  // A matrix product, streams x streams, for each column of the streams; one for each element for
  // the sum.
  void operator()(const PredictStreams& op) const {
    Work& row = per_row(op.in);
    row.matrix += Flops(2 * columns(op.in) * op.streams);
    row.other += Flops(columns(op.in));
  }

  // What is new: one for each column of one stream; 1 + coefficient; two for each element of all.
  void operator()(const CorrectStreams& op) const {
    per_row(op.in).other += Flops(columns(op.activated) + op.streams + 2 * columns(op.in));
  }

  // Each weight takes its scale, its bias, and 1 for epsilon or the factor 2, besides the sigmoid
  // or the softmax. Dividing a matrix by its sums takes each element into a sum, which begins with
  // epsilon, and over it; it is done once for columns alone.
  void operator()(const WeighStreams& op) const {
    const Integer count = op.streams;
    const Integer matrix = op.iterations ? count * count : Integer(0);
    const Integer vectors = op.iterations ? 2 * count : count;
    Integer flops = vectors * (3 + kSigmoidFlops) + matrix * (3 + kSoftmaxFlops);
    if (op.iterations) flops += (2 * *op.iterations - 1) * 2 * matrix;
    Work& row = per_row(op.in);
    row.other += Flops(flops);
    row.transcendentals += Transcendentals(vectors + matrix);
  }

  void operator()(const CollapseStreams& op) const {
    per_row(op.in).matrix += Flops(2 * columns(op.in));
  }

  // A matrix product, streams x streams, for each column of the streams; and what each stream gets
  // of what is added.
  void operator()(const MixStreams& op) const {
    Work& row = per_row(op.in);
    row.matrix += Flops(2 * columns(op.in) * op.streams);
    row.other += Flops(2 * columns(op.in));
  }

  // A score for each vector, the softmax, and the weighted sum.
  void operator()(const AttendVectors& op) const {
    Work& row = per_row(op.values);
    row.matrix += Flops(4 * columns(op.values));
    row.other += Flops(op.vectors * kSoftmaxFlops);
    row.transcendentals += Transcendentals(op.vectors);
  }

  void operator()(const AddToLastVector& op) const {
    per_row(op.in).other += Flops(columns(op.added));
  }

  void operator()(const AddToOtherStreams& op) const {
    per_row(op.in).other += Flops(columns(op.added) * (op.streams - 1));
  }

 private:
  // A row through one expert: a product for each of its matrices, the activation or the gate.
  [[nodiscard]] Work work_of_one(const RunExperts& op) const {
    const Integer hidden = columns(op.in);
    const Integer width = graph.weight(op.up).rows;
    const PerElement inner = op.gate ? price_of(op.form) : price_of(op.form.activation);
    Work work;
    work.matrix = Flops(2 * width * hidden * (op.gate ? 3 : 2));
    work.other = Flops(width * inner.flops);
    if (op.biases) work.other += Flops(2 * width + (op.biases->down ? hidden : Integer(0)));
    work.transcendentals = Transcendentals(width * inner.transcendentals);
    return work;
  }

  [[nodiscard]] Integer columns(ValueId value) const { return block.values[value].columns; }
  [[nodiscard]] Work& per_row(ValueId value) const { return price.per_row(block.values[value]); }

  void per_element(ValueId in, const PerElement& each) const {
    Work& row = per_row(in);
    row.other += Flops(columns(in) * each.flops);
    row.transcendentals += Transcendentals(columns(in) * each.transcendentals);
  }

  // Once for each row and head, a score less the maximum, its exponential and the sum with it.
  static void add_sinks(Work& row, Integer heads) {
    row.other += Flops(2 * heads);
    row.transcendentals += Transcendentals(heads);
  }

  // Once for each row and head, the logarithm of the sum, and its sum with the largest score.
  static void add_log_sums(Work& row, Integer heads) {
    row.other += Flops(heads);
    row.transcendentals += Transcendentals(heads);
  }

  // For each of `heads` a score, which takes the columns of a key and weighs those of a value, is
  // scaled, and goes through the softmax.
  static void add_scores(Work& pair, Integer heads, Integer key_and_value_columns) {
    pair.matrix += Flops(2 * heads * key_and_value_columns);
    pair.other += Flops(heads * (1 + kSoftmaxFlops));
    pair.transcendentals += Transcendentals(heads);
  }
};

}  // namespace

void add_price(const OpGraph& graph, const Block& block, const Op& op, Price& sum) {
  Moved moved{graph, block, sum};
  const Arithmetic add_arithmetic{graph, block, sum, moved.experts};
  std::visit(
      [&](const auto& kind) {
        kind.visit_operands(moved);
        add_arithmetic(kind);
      },
      op);
  if (moved.experts) sum.add(*moved.experts);
}

Price price(const OpGraph& graph, const Block& block, const Op& op) {
  Price price;
  add_price(graph, block, op, price);
  return price;
}

}  // namespace llmarch
