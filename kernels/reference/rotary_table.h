// The angles of rotary positions: one frequency per pair of elements, and the factor on cosine and
// sine. This file knows how contexts are stretched; which elements form a pair is known by the
// kernel that rotates them.
#pragma once

#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

struct RotaryTable {
  std::vector<double> frequencies;  // (dim / 2), radians per position
  double factor = 1;                // on cosine and sine
};

// For sequences of `length` positions, on which some scalings depend. `dim` is even. With
// turned_pairs there are only so many frequencies. Source: transformers, modeling_rope_utils.
RotaryTable rotary_table(const Rotary& rotary, Integer dim, Integer length);

}  // namespace llmarch
