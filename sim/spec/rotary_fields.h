// The fields of rotary positions and of what stretches them, each stated once as in fields.h, which
// includes this file.
#pragma once

#include "sim/spec/field.h"
#include "sim/spec/names.h"
#include "sim/spec/rotary.h"

namespace llmarch {

inline constexpr RealRange kTheta{0, 1e15};  // Falcon-H1 has 1e11

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<LinearScaling> auto& scaling) {
  visit(Field{"factor", "by which every wave is slowed", Prominence::detail}, scaling.factor,
        kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Temperature> auto& temperature) {
  visit(Field{"strength", "queries grow by 1 + this ln(floor(position / floor) + 1)",
              Prominence::detail},
        temperature.strength, kFactor);
  visit(Field{"floor", "positions between two steps of that growth", Prominence::detail},
        temperature.floor, kPositions);
  visit(Field{"from_zero", "positions are counted from 0, and not from 1", Prominence::detail},
        temperature.from_zero);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Llama3Scaling> auto& scaling) {
  visit(Field{"factor", "by which long waves are slowed", Prominence::detail}, scaling.factor,
        kFactor);
  visit(Field{"low_frequency_factor", "waves longer than original_context / this are slowed fully",
              Prominence::detail},
        scaling.low_frequency_factor, kFactor);
  visit(Field{"high_frequency_factor", "waves shorter than original_context / this are kept",
              Prominence::detail},
        scaling.high_frequency_factor, kFactor);
  visit(Field{"original_context", "the context before the stretch", Prominence::detail},
        scaling.original_context, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<YarnScaling> auto& scaling) {
  visit(Field{"factor", "by which long waves are slowed", Prominence::detail}, scaling.factor,
        kFactor);
  visit(Field{"original_context", "the context before the stretch", Prominence::detail},
        scaling.original_context, kPositions);
  visit(Field{"beta_fast", "turns within the original context above which a wave is kept",
              Prominence::detail},
        scaling.beta_fast, kFactor);
  visit(Field{"beta_slow", "turns below which a wave is slowed fully", Prominence::detail},
        scaling.beta_slow, kFactor);
  visit(Field{"mscale",
              "with mscale_all_dim: the rotary tables are multiplied by m(mscale) / "
              "m(mscale_all_dim), m(s) = 0.1 s ln(factor) + 1; without both by m(1)",
              Prominence::detail},
        scaling.mscale, kFactor);
  visit(Field{"mscale_all_dim", "latent attention's softmax scale is multiplied by m(this) squared",
              Prominence::detail},
        scaling.mscale_all_dim, kFactor);
  visit(Field{"attention_factor", "the rotary tables are multiplied by this instead",
              Prominence::detail},
        scaling.attention_factor, kFactor);
  visit(Field{"fractional_bounds",
              "the bounds of the waves that are blended are not rounded to whole pairs",
              Prominence::detail},
        scaling.fractional_bounds);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<DynamicScaling> auto& scaling) {
  visit(Field{"factor",
              "in sequences of n positions, more than original_context, theta grows by (this n / "
              "original_context - (this - 1))^(dim / (dim - 2))",
              Prominence::detail},
        scaling.factor, kFactor);
  visit(Field{"original_context", "the longest sequence that is rotated as without it",
              Prominence::detail},
        scaling.original_context, kPositions);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<LongRope> auto& scaling) {
  visit(Field{"short_factors",
              "for each pair, what its frequency is divided by in sequences of at most "
              "original_context positions",
              Prominence::detail},
        scaling.short_factors, kFactor);
  visit(Field{"long_factors", "the same in longer sequences, for all of their positions",
              Prominence::detail},
        scaling.long_factors, kFactor);
  visit(Field{"original_context", "the longest sequence that has the short factors",
              Prominence::detail},
        scaling.original_context, kPositions);
  visit(Field{"short_table_factor", "with the short factors, the tables are multiplied by this",
              Prominence::detail},
        scaling.short_table_factor, kFactor);
  visit(Field{"long_table_factor", "with the long factors, the tables are multiplied by this",
              Prominence::detail},
        scaling.long_table_factor, kFactor);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<Rotary> auto& rotary) {
  visit(Field{"theta", "the base of the rotary frequencies"}, rotary.theta, kTheta);
  visit(Field{"dim",
              "elements of a head that the frequencies are spread over, the first; all where it is "
              "left out"},
        rotary.dim, kSize);
  visit(
      Field{"turned_pairs", "pairs of these that are turned, the first; all where it is left out"},
      rotary.turned_pairs, kSize);
  visit(Field{"layout", "half_split rotates element i with i + dim/2; interleaved 2i with 2i + 1",
              Prominence::detail},
        rotary.layout);
  visit(Field{"scaling", "how the frequencies are stretched for long contexts"}, rotary.scaling);
}

}  // namespace llmarch
