// Conventions, the same for every rule.
//
// An add, subtract, multiply or divide is one FLOP, so a product of length k is 2k. Comparisons,
// maxima, sign changes and copies are none. exp, tanh, erf and roots are counted apart.
//
// Matrix FLOPs are those of matrix products: projections, both products of attention, router,
// experts, head. A bias, a norm, a softmax, an activation are other FLOPs.
//
// Causality is exact: the query at position p meets p + 1 keys, fewer in a window or a chunk
// (reach_cost.h).
//
// An operation opens each weight, each cached element and each row of its operands once, however
// often it uses them; embedding tables are opened row by row.
#include "sim/cost/op_cost.h"

#include <cmath>

#include "sim/cost/reach_cost.h"

namespace llmarch {
namespace {

// Per score of a softmax: minus the maximum, plus into the sum, over the sum; one exp.
constexpr std::int64_t kSoftmaxFlops = 3;
// 1 / (1 + exp(-x))
constexpr std::int64_t kSigmoidFlops = 2;
// x' = x cos - y sin, y' = y cos + x sin: six for two elements.
constexpr std::int64_t kRotationFlopsPerElement = 3;

struct PerElement {
  std::int64_t flops;
  std::int64_t transcendentals;
};

// cap tanh(x / cap)
constexpr PerElement kSoftCapPrice{2, 1};

PerElement activation_price(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh: return {8, 1};  // 0.5 x (1 + tanh(c (x + 0.044715 x^3)))
    case Activation::gelu_erf: return {4, 1};   // 0.5 x (1 + erf(x c))
    case Activation::silu: return {2, 1};       // x / (1 + exp(-x))
    case Activation::relu: return {0, 0};       // max(x, 0)
    case Activation::tanh: return {0, 1};
  }
  throw std::logic_error("activation_price: an activation outside the enumeration");
}

class Pricer {
 public:
  Pricer(const OpGraph& graph, const Block& block, const RowCounts& rows)
      : graph_(graph), block_(block), rows_(rows) {}

  Work operator()(const Embed& op) const {
    Work work = Work::none();  // a look-up copies
    work.weights_read = Elements(rows_.tokens * columns(op.out));
    work.activations_written = elements(op.out);
    return work;
  }

  Work operator()(const Scale& op) const { return per_element(op.in, op.out, {1, 0}); }
  Work operator()(const ScaleByPosition& op) const { return per_element(op.in, op.out, {1, 0}); }
  Work operator()(const SoftCap& op) const { return per_element(op.in, op.out, kSoftCapPrice); }

  Work operator()(const ScaleColumns& op) const {
    Work work = per_element(op.in, op.out, {1, 0});
    work.weights_read = weight(op.weight);
    return work;
  }

  // Mean: 1 per element and 1; deviation: 3 per element and 1, a root; the bound: 2; what lies
  // above it: 1 per element.
  Work operator()(const Sparsify& op) const {
    Work work = moved(op.in, op.out);
    work.other = Flops(rows(op.in) * (5 * columns(op.in) + 4));
    work.transcendentals = Transcendentals(rows(op.in));
    return work;
  }

  // A sigmoid for each row, a product for each element.
  Work operator()(const GateRows& op) const {
    Work work = per_element(op.in, op.out, {1, 0});
    work.activations_read += elements(op.gate);
    work.other += Flops(rows(op.gate) * kSigmoidFlops);
    work.transcendentals += Transcendentals(rows(op.gate));
    return work;
  }

  Work operator()(const AddPositions& op) const {
    Work work = moved(op.in, op.out);
    work.weights_read = elements(op.out);
    work.other = Flops(rows(op.out) * columns(op.out));
    return work;
  }

  // RMS: square and add, scale, weight if any: 4 per element; mean and epsilon: 2 and a root per
  // vector.
  // Layer norm: besides these the mean (1 per element, 1 per vector), its subtraction; the bias, if
  // any.
  Work operator()(const Normalize& op) const {
    Work work = moved(op.in, op.out);
    const Integer vectors = rows(op.in) * op.groups;
    const Integer width = columns(op.in) / op.groups;
    Integer per_vector = op.kind == NormKind::rms ? 3 * width + 2 : 5 * width + 3;
    if (op.weight) per_vector += width;
    if (op.bias) per_vector += width;
    work.other = Flops(vectors * per_vector);
    work.transcendentals = Transcendentals(vectors);
    work.weights_read = weight(op.weight) + weight(op.bias);
    return work;
  }

  Work operator()(const Project& op) const {
    Work work = moved(op.in, op.out);
    work.matrix = Flops(2 * rows(op.in) * columns(op.in) * columns(op.out));
    if (op.bias) work.other = Flops(rows(op.in) * columns(op.out));
    work.weights_read = weight(op.weight) + weight(op.bias);
    return work;
  }

  Work operator()(const ProjectEach& op) const {
    Work work = moved(op.in, op.out);
    work.matrix = Flops(2 * rows(op.in) * weight(op.weight).amount());
    work.weights_read = weight(op.weight);
    return work;
  }

  Work operator()(const Rotate& op) const {
    Work work = moved(op.in, op.out);
    work.other = Flops(kRotationFlopsPerElement * rows(op.in) * op.heads * op.dim);
    return work;
  }

  Work operator()(const Store& op) const {
    Work work = Work::none();  // a copy
    work.activations_read = elements(op.in);
    work.cache_written = elements(op.in);
    return work;
  }

  Work operator()(const Attend& op) const {
    const Integer pairs = rows_.workload.batch * attended_pairs(rows_.workload, op.reach);
    const Integer scores = pairs * op.query_heads;
    Work work = attention(scores, op.head_dim + op.head_dim);
    if (op.soft_cap) {
      work.other += Flops(scores * kSoftCapPrice.flops);
      work.transcendentals += Transcendentals(scores * kSoftCapPrice.transcendentals);
    }
    work.activations_read = elements(op.query);
    work.activations_written = elements(op.out);
    work.cache_read = cached(op.keys) + cached(op.values);
    return work;
  }

  Work operator()(const AbsorbQuery& op) const {
    Work work = moved(op.query, op.out);
    work.matrix =
        Flops(2 * rows(op.query) * op.shape.heads * op.shape.nope_dim * op.shape.latent_dim);
    work.weights_read = weight(op.key_up);
    return work;
  }

  Work operator()(const AttendLatent& op) const {
    const LatentShape& shape = op.shape;
    const Integer key_dim = shape.latent_dim + shape.rope_dim;
    Work work = attention(rows_.pairs * shape.heads, key_dim + shape.latent_dim);
    work.activations_read = elements(op.absorbed) + elements(op.query);
    work.activations_written = elements(op.out);
    work.cache_read = cached(op.latents) + cached(op.rope_keys);
    return work;
  }

  Work operator()(const ExpandAttended& op) const {
    Work work = moved(op.in, op.out);
    work.matrix =
        Flops(2 * rows(op.in) * op.shape.heads * op.shape.latent_dim * op.shape.value_dim);
    work.weights_read = weight(op.value_up);
    return work;
  }

  Work operator()(const ExpandLatents& op) const {
    Work work = Work::none();
    const Integer made = columns(op.keys) + columns(op.values);
    work.matrix = Flops(2 * rows_.keys * graph_.cache(op.latents).columns * made);
    work.weights_read = weight(op.key_up) + weight(op.value_up);
    work.cache_read = cached(op.latents);
    work.activations_written = elements(op.keys) + elements(op.values);
    return work;
  }

  Work operator()(const AttendExpanded& op) const {
    const LatentShape& shape = op.shape;
    const Integer key_dim = shape.nope_dim + shape.rope_dim;
    Work work = attention(rows_.pairs * shape.heads, key_dim + shape.value_dim);
    work.activations_read = elements(op.query) + elements(op.keys) + elements(op.values);
    work.activations_written = elements(op.out);
    work.cache_read = cached(op.rope_keys);
    return work;
  }

  Work operator()(const Activate& op) const {
    return per_element(op.in, op.out, activation_price(op.activation));
  }

  Work operator()(const Gate& op) const {
    Work work = moved(op.gate, op.out);
    work.activations_read += elements(op.up);
    const PerElement price = activation_price(op.activation);
    const Integer count = rows(op.gate) * columns(op.gate);
    work.other = Flops(count * (price.flops + 1));
    work.transcendentals = Transcendentals(count * price.transcendentals);
    return work;
  }

  Work operator()(const Add& op) const {
    Work work = moved(op.left, op.out);
    work.activations_read += elements(op.right);
    work.other = Flops(rows(op.out) * columns(op.out));
    return work;
  }

  Work operator()(const Route& op) const {
    Work work = moved(op.in, op.out);
    const Integer chosen = op.experts_per_token;
    Integer flops =
        op.experts * (op.router.scoring == Scoring::softmax ? kSoftmaxFlops : kSigmoidFlops);
    if (op.correction_bias) flops += op.experts;
    if (op.router.groups && op.router.groups->score == GroupScore::best_two) {
      flops += op.router.groups->count;  // the sum of the best two
    }
    if (op.router.normalized_weights) flops += 2 * chosen;  // into the sum, over the sum
    if (op.router.weight_scale) flops += chosen;
    work.matrix = Flops(2 * rows(op.in) * columns(op.in) * op.experts);
    work.other = Flops(rows(op.in) * flops);
    work.transcendentals = Transcendentals(rows(op.in) * op.experts);
    work.weights_read = weight(op.weight) + weight(op.correction_bias);
    return work;
  }

  // Per token and expert: three products, the gate, and the weighted sum.
  Work operator()(const RunExperts& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.choice);
    const Integer hidden = columns(op.in);
    const Integer width = graph_.weight(op.gate).rows;
    const Integer runs = rows(op.in) * op.experts_per_token;
    const PerElement price = activation_price(op.activation);
    work.matrix = Flops(3 * runs * 2 * width * hidden);
    work.other = Flops(runs * (width * (price.flops + 1) + 2 * hidden));
    work.transcendentals = Transcendentals(runs * width * price.transcendentals);
    work.weights_read = expected_expert_elements(elements_per_expert(graph_, op), op.experts,
                                                 op.experts_per_token, rows(op.in));
    return work;
  }

  Work operator()(const SelectRows& op) const {
    Work work = Work::none();  // a copy of the rows that are wanted
    work.activations_read = elements(op.out);
    work.activations_written = elements(op.out);
    return work;
  }

  Work operator()(const SelectColumns& op) const { return moved(op.in, op.out); }  // a copy

  Work operator()(const JoinColumns& op) const {
    Work work = moved(op.left, op.out);  // a copy
    work.activations_read += elements(op.right);
    return work;
  }

  // A mean square is 2 per element and 1, and a root: of the reference, and of each vector; then
  // the ratio of the roots, and 1 per element.
  Work operator()(const MatchMagnitude& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.reference);
    const Integer mean_squares = 2 * (columns(op.reference) + columns(op.in)) + 1 + op.vectors;
    work.other = Flops(rows(op.in) * (mean_squares + op.vectors + columns(op.in)));
    work.transcendentals = Transcendentals(rows(op.in) * (1 + op.vectors));
    return work;
  }

  // All vectors into the sum, and the sum over their number.
  Work operator()(const AverageVectors& op) const {
    Work work = moved(op.in, op.out);
    work.other = Flops(rows(op.in) * columns(op.out) * op.vectors);
    return work;
  }

  // A matrix product, streams x streams, for each column of the streams; 1 per element for the sum.
  Work operator()(const PredictStreams& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.coefficients);
    work.matrix = Flops(2 * rows(op.in) * columns(op.in) * op.streams);
    work.other = Flops(rows(op.in) * columns(op.in));
    return work;
  }

  // What is new: 1 per column of one stream; 1 + coefficient; 2 per element of all.
  Work operator()(const CorrectStreams& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.activated) + elements(op.coefficients);
    work.other = Flops(rows(op.in) * (columns(op.activated) + op.streams + 2 * columns(op.in)));
    return work;
  }

  Work operator()(const AddToOtherStreams& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.added);
    work.other = Flops(rows(op.in) * columns(op.added) * (op.streams - 1));
    return work;
  }

 private:
  [[nodiscard]] Integer columns(ValueId value) const { return block_.values[value].columns; }
  [[nodiscard]] Integer rows(ValueId value) const {
    switch (block_.values[value].rows) {
      case RowAxis::tokens: return rows_.tokens;
      case RowAxis::keys: return rows_.keys;
      case RowAxis::logits: return rows_.logits;
    }
    throw std::logic_error("rows: an axis outside the enumeration");
  }
  [[nodiscard]] Elements elements(ValueId value) const {
    return Elements(rows(value) * columns(value));
  }
  [[nodiscard]] Elements weight(WeightId id) const { return graph_.weights[id].elements(); }
  [[nodiscard]] Elements weight(std::optional<WeightId> id) const {
    return id ? weight(*id) : Elements();
  }
  [[nodiscard]] Elements cached(CacheId id) const {
    const Cache& cache = graph_.caches[id];
    return Elements(rows_.workload.batch * opened_positions(rows_.workload, cache.reach) *
                    cache.columns);
  }

  [[nodiscard]] Work per_element(ValueId in, ValueId out, const PerElement& price) const {
    Work work = moved(in, out);
    const Integer count = rows(in) * columns(in);
    work.other = Flops(count * price.flops);
    work.transcendentals = Transcendentals(count * price.transcendentals);
    return work;
  }

  [[nodiscard]] Work moved(ValueId in, ValueId out) const {
    Work work;
    work.activations_read = elements(in);
    work.activations_written = elements(out);
    return work;
  }

  // Each score is made from the columns of a key and weighs those of a value; it is scaled, and
  // goes through the softmax.
  [[nodiscard]] static Work attention(Integer scores, Integer key_and_value_columns) {
    Work work;
    work.matrix = Flops(2 * scores * key_and_value_columns);
    work.other = Flops(scores * (1 + kSoftmaxFlops));
    work.transcendentals = Transcendentals(scores);
    return work;
  }

  const OpGraph& graph_;
  const Block& block_;
  const RowCounts& rows_;
};

}  // namespace

RowCounts row_counts(const Workload& workload) {
  const Integer tokens = workload.tokens;
  const Integer logits = workload.logits == Logits::last ? Integer(1) : tokens;
  return {workload, workload.batch * tokens, workload.batch * (workload.past + tokens),
          workload.batch * logits, workload.batch * attended_pairs(workload, EveryKey{})};
}

Elements elements_per_expert(const OpGraph& graph, const RunExperts& op) {
  return graph.weight(op.gate).elements_of_copy() + graph.weight(op.up).elements_of_copy() +
         graph.weight(op.down).elements_of_copy();
}

Work price(const OpGraph& graph, const Block& block, const Op& op, const RowCounts& rows) {
  return std::visit(Pricer(graph, block, rows), op);
}

Elements expected_expert_elements(Elements each, Integer experts, Integer chosen, Integer rows) {
  if (rows == 1) return each * chosen;
  const Elements all = each * experts;
  const double expected =
      expected_distinct_experts(experts, chosen, rows) * each.amount().as_double();
  // Not above all of them, and so never rounded to what 64 bits cannot hold.
  return expected < all.amount().as_double() ? Elements(std::llround(expected)) : all;
}

double expected_distinct_experts(Integer experts, Integer chosen, Integer rows) {
  if (rows == 1) return chosen.as_double();  // exactly, where the formula would round
  const double missed = 1 - chosen.as_double() / experts.as_double();
  return experts.as_double() * (1 - std::pow(missed, rows.as_double()));
}

}  // namespace llmarch
