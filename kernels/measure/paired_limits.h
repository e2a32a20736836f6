// What the steps of a run could have had: how a machine's limits, read between them, become one
// figure. On a shared machine limits change within seconds, now and then by a factor of two, so a
// step is held against the readings on both sides of it and nothing else.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/measure/measurement.h"
#include "kernels/probe/probe.h"

namespace llmarch {

// Of one phase: readings, and between them steps.
class PairedLimits {
 public:
  void add_readings(LimitReadings readings) { readings_.push_back(std::move(readings)); }
  // That came after the readings added last; there are some.
  void add_step(double seconds);

  // Of a loop: how much it would have done in the time of each step, at the mean of its rates
  // before and after it (before it, where there is none after); of that the median, over the
  // median of the steps' times. So a share of the limit is what a step did over what the loop would
  // have done meanwhile, and a machine that was twice as fast for half of the steps moves neither.
  // Of several loops the fastest counts. bf16 without instructions of its own goes as f32. There is
  // at least one step.
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
