// The arithmetic of a piece of a reference kernel, run with Counted. Private to the work units.
#pragma once

#include <span>
#include <vector>

#include "kernels/reference/counted.h"
#include "sim/figures.h"

namespace llmarch::fast {

using Numbers = std::vector<Counted>;

inline std::span<const Counted> view(const Numbers& numbers) {
  return numbers;
}

template <class Body>
Work tally(const Body& body) {
  arithmetic_tally = {};
  body();
  Work work;
  work.matrix = Flops(arithmetic_tally.matrix);
  work.other = Flops(arithmetic_tally.other);
  work.transcendentals = Transcendentals(arithmetic_tally.transcendentals);
  return work;
}

}  // namespace llmarch::fast
