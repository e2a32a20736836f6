// What the steps of a run could have had: how a machine's limits, read between them, become one
// figure. On a shared machine limits change within seconds, now and then by a factor of two, so a
// step is held against the readings on both sides of it and nothing else.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/measure/measurement.h"
#include "kernels/probe/probe.h"

namespace llmarch {

// The readings of one phase, and the steps between them.
class PairedLimits {
 public:
  void add_readings(LimitReadings readings) { readings_.push_back(std::move(readings)); }
  // That came after the readings added last; there are some.
  void add_step(double seconds);

  // For each step, the work that a loop would have done in the step's time, at the mean of the
  // loop's rates before and after the step (the rate before it, where nothing was read after it).
  // The limit is the median of that work over the median time of a step, for the fastest loop. So a
  // share of the limit is what a step did over what the loop would have done meanwhile, and a
  // machine that is twice as fast during half of the steps changes neither. Where the machine has
  // no instructions for bf16, its limit is that of f32. There is at least one step.
  [[nodiscard]] MachineLimits limits() const;

 private:
  using Loops = std::vector<double> LimitReadings::*;
  [[nodiscard]] double limit(Loops loops) const;
  [[nodiscard]] double limit(Loops loops, std::size_t loop) const;

  struct Step {
    double seconds;
    std::size_t before;  // index into readings_
  };
  std::vector<LimitReadings> readings_;
  std::vector<Step> steps_;
};

}  // namespace llmarch
