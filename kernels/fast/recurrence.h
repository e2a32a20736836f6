// The operations of recurrences, in float. The mathematics is that of
// kernels/reference/recurrence_kernels.h. All throw std::invalid_argument when sizes do not agree.
#pragma once

#include <span>

#include "kernels/fast/fixed_state.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"
#include "sim/graph/op.h"

namespace llmarch::fast {

// Each row is `vectors` vectors, each brought to length 1.
void normalize_length(Team& team, ConstRows in, std::size_t vectors, float epsilon, Rows out);

// out = exp(-exp(rate) softplus(in)); a row is as many vectors of equal width as there are rates.
void decay(Team& team, ConstRows in, std::span<const float> rates, Rows out);

struct DeltaRows {
  ConstRows query, key, value, strength, decay;
  Rows out;
};

// The floats of scratch that the rule needs for that many sequences.
std::size_t delta_rule_floats(const RecurrenceShape& shape, std::size_t sequences);

// Token by token, each head by one thread, which changes its state where it lies. Returns how often
// the rule was applied to a head.
std::size_t delta_rule(Team& team, const RecurrenceShape& shape, const Places& places,
                       const DeltaRows& rows, FixedState& state, float* scratch);

}  // namespace llmarch::fast
