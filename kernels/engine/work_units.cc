#include "kernels/engine/work_units.h"

#include <numeric>
#include <vector>

#include "kernels/engine/recurrence_units.h"
#include "kernels/engine/tally.h"
#include "kernels/reference/arithmetic.h"
#include "kernels/reference/basic_kernels.h"
#include "kernels/reference/compressed_kernels.h"
#include "kernels/reference/connection_kernels.h"
#include "kernels/reference/expert_kernels.h"
#include "kernels/reference/recurrence_kernels.h"
#include "kernels/reference/stream_kernels.h"

namespace llmarch::fast {
namespace {

// A dot product of that length.
Work product(Integer length) {
  const Numbers numbers(size(length), Counted(1));
  return tally([&] { (void)reference::dot(view(numbers), view(numbers)); });
}

Work one_sum() {
  return tally([] { (void)(Counted(1) + Counted(1)); });
}

Work one_multiplication() {
  return tally([] { (void)(Counted(1) * Counted(1)); });
}

// One row through the up-projections of all heads.
Work headwise(const llmarch::LatentShape& shape, Integer width) {
  return product(shape.latent_dim) * (shape.heads * width);
}

Work sum_of(Work left, const Work& right) {
  left += right;
  return left;
}

// One query head attends to one key: the score, the key's share of the softmax, and adding the
// weighted value to the sum. `position` is the work that the score takes by where query and key
// stand.
Work attending(Integer key_width, Integer value_width, std::optional<double> soft_cap,
               const Work& position = Work::none()) {
  const Numbers value(size(value_width), Counted(1));
  const Work mixing = tally([&] {
    Numbers sum(value.size());
    Numbers score{Counted(1) * Counted(1)};  // scaled
    if (soft_cap) score[0] = reference::soft_capped(score[0], *soft_cap);
    reference::softmax(std::span(score));
    reference::accumulate_product(score[0], view(value), std::span(sum));
  });
  return sum_of(sum_of(product(key_width), mixing), position);
}

// A score to which no value belongs.
Work one_sink() {
  return tally([] {
    Counted sum(0);
    reference::add_sink(Counted(1), Counted(1), sum);
  });
}

Work activated(Activation activation) {
  return tally([&] { (void)reference::activate(activation, Counted(1)); });
}

Work gated(const GateForm& form) {
  return tally([&] { (void)reference::gated(form, Counted(1), Counted(1)); });
}

// What `each` and `element` are of, by the operation:
//
//                                                     each                               element
// Normalize                                           one vector, columns / groups wide  -
// Project                                             one row                            its bias
// Rotate                                              one pair                           -
// Attend*                                             one query head and one key         its sink
// ChooseKeys                                          one query and one key              -
// Compress                                            one entry of its own group         one
// entry's
//                                                                                        group
//                                                                                        before
// AttendShared                                        one query head and one key         its sink
// AbsorbQuery, ExpandAttended, ExpandLatents, Route   one row                            -
// RunExperts                                          one row through one expert         of one
//                                                                                        given back
// GateRows                                            one gate                           one
// AddPositions, Scale, ScaleByPosition, ScaleColumns, ScaleByConstant, SoftCap, Activate,
// ActivateXielu, Gate, Add, Multiply, Convolve        -                                  one
// NormalizeLength                                     one vector, columns / vectors wide -
// Decay                                               -                                  one
// Recurrence, ChunkedRecurrence                       one value head at one token        -
// SelectiveScan                                       -                                  one
// Others of parallel streams                          one row                            -
// Embed, Store, SelectRows, SelectColumns, JoinColumns, RepeatVector copy, and take none.
struct Units {
  const OpGraph& graph;
  const Block& block;

  [[nodiscard]] Integer columns(ValueId value) const { return block.values.at(value).columns; }

  WorkUnits operator()(const Embed&) const { return {}; }
  WorkUnits operator()(const AddPositions&) const { return {{}, one_sum()}; }
  WorkUnits operator()(const Scale&) const { return {{}, one_multiplication()}; }
  WorkUnits operator()(const ScaleByPosition&) const { return {{}, one_multiplication()}; }
  WorkUnits operator()(const GateRows& op) const {
    const Work gate = op.activation ? activated(*op.activation) : Work::none();
    return {gate, one_multiplication()};
  }
  WorkUnits operator()(const ScaleByConstant&) const { return {{}, one_multiplication()}; }
  WorkUnits operator()(const SoftCap& op) const {
    return {{}, tally([&] { (void)reference::soft_capped(Counted(1), op.cap); })};
  }
  WorkUnits operator()(const Clip&) const { return {}; }
  WorkUnits operator()(const Normalize& op) const {
    const std::size_t width = size(columns(op.in) / op.groups);
    const Numbers in(width, Counted(1));
    const std::vector<float> weight(op.weight ? width : 0, 1);
    const std::vector<float> bias(op.bias ? width : 0, 1);
    return {tally([&] {
              Numbers out(width);
              switch (op.kind) {
                case NormKind::rms:
                  reference::normalize_rms(view(in), weight, op.epsilon, std::span(out));
                  break;
                case NormKind::layer:
                  reference::normalize_layer(view(in), weight, bias, op.epsilon, std::span(out));
                  break;
              }
            }),
            {}};
  }
  WorkUnits operator()(const Project& op) const {
    return {product(columns(op.in)) * columns(op.out), op.bias ? one_sum() : Work::none()};
  }
  WorkUnits operator()(const Rotate&) const {
    return {tally([] { (void)reference::turned(Counted(1), Counted(1), 1, 0); }), {}};
  }
  WorkUnits operator()(const Store&) const { return {}; }
  WorkUnits operator()(const ChooseKeys& op) const {
    Work each = product(op.head_dim) * (op.groups * op.heads);
    if (op.weights) each += product(op.heads);
    return {each, {}};
  }
  WorkUnits operator()(const Attend& op) const {
    Work position;
    if (op.alibi) position += sum_of(one_multiplication(), one_sum());
    if (op.growth_length) position += one_multiplication();
    return {attending(op.head_dim, op.value_width(), op.soft_cap, position), one_sink()};
  }
  WorkUnits operator()(const AttendShared& op) const {
    return {attending(op.head_dim, op.head_dim, std::nullopt), one_sink()};
  }
  WorkUnits operator()(const Compress& op) const {
    const std::size_t columns = size(graph.cache(op.entries).columns);
    const Numbers numbers(columns, Counted(1));
    const Work group = tally([&] {
      reference::Slots<Counted> slots;
      for (Integer i = 0; i < op.positions; i += 1) {
        slots.values.push_back(view(numbers));
        slots.gates.push_back(numbers);
        for (Counted& gate : slots.gates.back()) gate += Counted(1);  // the bias
      }
      (void)reference::weighted_mean(slots);
    });
    const Work rest = tally([&] {
      Numbers out(columns);
      const std::vector<float> weight(columns, 1);
      reference::normalize_rms(view(numbers), weight, op.epsilon, std::span(out));
      const Integer pairs = op.rotary.turned_pairs.value_or(op.turned / 2);
      for (Integer pair = 0; pair < pairs; pair += 1) {
        (void)reference::turned(Counted(1), Counted(1), 1, 0);
      }
    });
    return {sum_of(group, rest), group};
  }
  WorkUnits operator()(const AbsorbQuery& op) const {
    return {headwise(op.shape, op.shape.nope_dim), {}};
  }
  WorkUnits operator()(const AttendLatent& op) const {
    const llmarch::LatentShape& shape = op.shape;
    return {attending(shape.latent_dim + shape.rope_dim, shape.latent_dim, std::nullopt), {}};
  }
  WorkUnits operator()(const ExpandAttended& op) const {
    return {headwise(op.shape, op.shape.value_dim), {}};
  }
  WorkUnits operator()(const ExpandLatents& op) const {
    const Integer made = columns(op.keys) + columns(op.values);
    return {product(graph.cache(op.latents).columns) * made, {}};
  }
  WorkUnits operator()(const AttendExpanded& op) const {
    const llmarch::LatentShape& shape = op.shape;
    return {attending(shape.nope_dim + shape.rope_dim, shape.value_dim, std::nullopt), {}};
  }
  WorkUnits operator()(const Activate& op) const { return {{}, activated(op.activation)}; }
  WorkUnits operator()(const ActivateXielu& op) const {
    return {{}, tally([&] { (void)reference::activate_xielu(op.xielu, {1, 1}, Counted(1)); })};
  }
  WorkUnits operator()(const Gate& op) const { return {{}, gated(op.form)}; }
  WorkUnits operator()(const Add&) const { return {{}, one_sum()}; }
  WorkUnits operator()(const Multiply&) const { return {{}, one_multiplication()}; }
  WorkUnits operator()(const Convolve& op) const {
    const std::vector<float> taps(size(graph.weight(op.taps).columns), 1);
    const Numbers values(taps.size(), Counted(1));
    const Work sum =
        tally([&] { (void)reference::tapped_sum(view(values), std::span<const float>(taps)); });
    return {{}, op.bias ? sum_of(sum, one_sum()) : sum};
  }

  WorkUnits operator()(const NormalizeLength& op) const {
    const Numbers vector(size(columns(op.in) / op.vectors), Counted(1));
    return {tally([&] {
              Numbers out(vector.size());
              reference::normalize_length(view(vector), op.epsilon, std::span(out));
            }),
            {}};
  }
  WorkUnits operator()(const Decay& op) const {
    return {{}, tally([&] { (void)reference::decay_of(op, Counted(1), 1); })};
  }
  [[nodiscard]] Integer decays_of_head(const Recurrence& op) const {
    return op.decay ? columns(*op.decay) / op.shape.value_heads : Integer(1);
  }
  WorkUnits operator()(const Recurrence& op) const {
    return {units_of(op, decays_of_head(op)).token, {}};
  }
  WorkUnits operator()(const ChunkedRecurrence& op) const {
    const RecurrenceUnits units = units_of(op, decays_of_head(op.rule));
    return {units.token, {}, units.pair, units.chunk};
  }

  WorkUnits operator()(const SelectiveScan& op) const {
    const std::size_t width = size(graph.weight(op.rate).columns);
    const Numbers vector(width, Counted(1));
    const std::vector<double> rates(width, 1);
    Numbers state(width);
    const reference::ScanInput<Counted> in{view(vector), view(vector), Counted(1), Counted(1),
                                           std::span<const double>(rates)};
    return {{}, tally([&] { (void)reference::scan_column(in, std::span(state)); })};
  }

  WorkUnits operator()(const Route& op) const {
    const Work choosing = tally([&] {
      Numbers scores(size(op.experts), Counted(1));
      const auto add_one_each = [&] {
        for (Counted& score : scores) score += Counted(1);
      };
      if (op.bias) add_one_each();
      reference::score_products(op.router, std::span(scores));
      if (op.router.scoring == Scoring::sparsemixer) {
        std::vector<std::size_t> experts(size(op.experts_per_token));
        std::iota(experts.begin(), experts.end(), std::size_t{0});
        (void)reference::weights_of(op.router, view(scores), experts);
      }
      if (op.correction_bias) add_one_each();
      if (op.router.groups) reference::keep_best_groups(*op.router.groups, std::span(scores));
      Numbers chosen(size(op.experts_per_token), Counted(1));
      reference::weight_chosen(op.router, std::span(chosen));
    });
    Work work = sum_of(product(columns(op.in)) * op.experts, choosing);
    if (op.expert_scale) work += one_multiplication() * op.experts_per_token;
    return {work, {}};
  }

  WorkUnits operator()(const RunExperts& op) const {
    const Integer width = graph.weight(op.up).rows;
    const Integer hidden = columns(op.in);
    Work work = product(hidden) * (op.gate ? 2 * width : width);
    work += product(width) * hidden;
    work += (op.gate ? gated(op.form) : activated(op.form.activation)) * width;
    if (op.biases) work += one_sum() * (2 * width + (op.biases->down ? hidden : Integer(0)));
    const Work weighted = sum_of(one_multiplication(), one_sum());  // by the expert's weight
    return {sum_of(work, weighted * hidden), weighted};
  }

  WorkUnits operator()(const SelectRows&) const { return {}; }

  WorkUnits operator()(const ProjectEach& op) const {
    const Weight& weight = graph.weight(op.weight);
    return {product(weight.columns) * (weight.rows * weight.copies), {}};
  }
  WorkUnits operator()(const ScaleColumns&) const { return {{}, one_multiplication()}; }
  WorkUnits operator()(const Sparsify& op) const {
    const Numbers in(size(columns(op.in)), Counted(1));
    return {tally([&] {
              Numbers out(in.size());
              reference::sparsify(view(in), op.deviations, std::span(out));
            }),
            {}};
  }
  WorkUnits operator()(const SelectColumns&) const { return {}; }
  WorkUnits operator()(const JoinColumns&) const { return {}; }
  // The engine refuses a graph with these before it asks: see engine.cc.
  template <OneOf<WeighPart, DispatchRows, CombineRows, Exchange, Send, Receive> Between>
  WorkUnits operator()(const Between&) const {
    return {};
  }
  WorkUnits operator()(const MatchMagnitude& op) const {
    const Numbers wanted(size(columns(op.reference)), Counted(1));
    const Integer width = columns(op.in) / op.vectors;
    const Numbers vector(size(width), Counted(1));
    Work work = tally([&] { (void)(Counted(1) / root(reference::mean_square(view(vector)))); });
    work += one_multiplication() * width;
    return {
        sum_of(work * op.vectors, tally([&] { (void)root(reference::mean_square(view(wanted))); })),
        {}};
  }
  WorkUnits operator()(const AverageVectors& op) const {
    const Work division = tally([] { (void)(Counted(1) / Counted(1)); });
    return {sum_of(one_sum() * (op.vectors - 1), division) * columns(op.out), {}};
  }
  WorkUnits operator()(const PredictStreams& op) const {
    return {sum_of(product(op.streams) * columns(op.out), one_sum() * columns(op.out)), {}};
  }
  WorkUnits operator()(const CorrectStreams& op) const {
    const Integer width = columns(op.activated);
    Work work = one_sum() * width;  // the correction that is added
    work += one_sum() * op.streams;
    work += sum_of(one_multiplication(), one_sum()) * (op.streams * width);
    return {work, {}};
  }
  WorkUnits operator()(const RepeatVector&) const { return {}; }
  WorkUnits operator()(const WeighStreams& op) const {
    Numbers weights(size(columns(op.in)), Counted(1));
    return {tally([&] {
              for (Counted& weight : weights) weight = Counted(1) * weight + Counted(1);
              reference::weigh_streams(op, std::span(weights));
            }),
            {}};
  }
  WorkUnits operator()(const CollapseStreams& op) const {
    return {product(op.streams) * columns(op.out), {}};
  }
  WorkUnits operator()(const MixStreams& op) const {
    const Work added = sum_of(one_multiplication(), one_sum());
    return {sum_of(product(op.streams), added) * columns(op.out), {}};
  }
  WorkUnits operator()(const AttendVectors& op) const {
    Work work = product(columns(op.out)) * op.vectors;
    work += product(op.vectors) * columns(op.out);
    work += tally([&] {
      Numbers scores(size(op.vectors), Counted(1));
      reference::softmax(std::span(scores));
    });
    return {work, {}};
  }
  WorkUnits operator()(const AddToLastVector& op) const {
    return {one_sum() * columns(op.added), {}};
  }
  WorkUnits operator()(const AddToOtherStreams& op) const {
    return {one_sum() * (columns(op.in) - columns(op.added)), {}};
  }
};

}  // namespace

WorkUnits work_units(const OpGraph& graph, const Block& block, const Op& op) {
  return std::visit(Units{graph, block}, op);
}

}  // namespace llmarch::fast
