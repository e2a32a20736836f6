// Which crossovers a sweep asks for: those of every two models in one setting, quantity by
// quantity, and within a line those of attention with the feed-forward and of the two sides of the
// roofline. What they are called is known by reports.
#pragma once

#include <vector>

#include "sim/study/crossovers.h"
#include "sim/study/sweep.h"

namespace llmarch {

enum class Rivals {
  models,            // in one quantity
  kinds_of_work,     // of one line
  sides_of_roofline  // of one line: arithmetic against memory
};

// One figure against another, within the swept lengths.
struct Crossing {
  Rivals rivals;
  const Quantity* left_quantity;
  const Quantity* right_quantity;
  std::size_t left_line, right_line;  // indices into lines_of(plan)
  Integer from;
  Turns turns;
  std::vector<QuantityValue> at_turns;  // the left figure at each turn
};

// Between every two models in the same setting; none for quantities that do not vary.
std::vector<Crossing> crossings_between(const SweepPlan& plan);

// Within every line: attention against the feed-forward and, where there is a machine, the
// roofline's two sides.
std::vector<Crossing> crossings_within(const SweepPlan& plan);

}  // namespace llmarch
