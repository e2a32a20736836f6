// Which crossovers a sweep looks for: those between every two models in one setting, for each
// quantity; and within a line, attention against the feed-forward and the two sides of the
// roofline. How they are named is known by reports.
#pragma once

#include <vector>

#include "sim/study/crossovers.h"
#include "sim/study/sweep.h"

namespace llmarch {

enum class Rivals {
  models,            // two models, in one quantity
  kinds_of_work,     // attention and feed-forward of one line
  sides_of_roofline  // arithmetic and memory of one line
};

// Two figures that are compared over the swept lengths.
struct Crossing {
  Rivals rivals;
  const Quantity* left_quantity;
  const Quantity* right_quantity;
  std::size_t left_line, right_line;  // indices into lines_of(plan)
  Integer from;
  Turns turns;
  std::vector<QuantityValue> at_turns;  // the left figure at each turn
};

// Between every two models in the same setting; quantities that do not vary have none.
std::vector<Crossing> crossings_between(const SweepPlan& plan);

// Within every line: attention against the feed-forward and, where there is a machine, the
// roofline's two sides.
std::vector<Crossing> crossings_within(const SweepPlan& plan);

}  // namespace llmarch
