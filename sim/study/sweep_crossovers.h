// Which crossovers a sweep asks for: those of every two lines in every quantity, and within a line
// those of attention against the feed-forward and of the two sides of the roofline.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/study/crossovers.h"

namespace llmarch {

// One figure against another, within the swept lengths.
struct Crossing {
  std::string left, right;  // lines of the sweep, or quantities of one line
  std::string where;        // what the two have in common: "kv_bytes, batch 8", or the line
  const Quantity* left_quantity;
  const Quantity* right_quantity;
  std::size_t left_line, right_line;  // indices into lines_of(plan)
  Integer from;
  Turns turns;
  std::vector<QuantityValue> at_turns;  // the left figure at each turn
};

// What a line is called where only what varies is said: "gemma-3-27b, batch 8, KV fp8".
std::string name_of_line(const SweepPlan& plan, const SweepLine& line);

// Between every two models under the same settings; empty for quantities that do not vary.
std::vector<Crossing> crossings_between(const SweepPlan& plan);

// Within each line: attention passing the feed-forward, decode changing sides on the hardware.
std::vector<Crossing> crossings_within(const SweepPlan& plan);

}  // namespace llmarch
