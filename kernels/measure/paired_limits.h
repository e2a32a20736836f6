// What the machine could have done during the steps of a run: how limits that were probed between
// steps become one figure. On a shared machine limits change within seconds, sometimes by a factor
// of two, so each step is compared only with the probes immediately before and after it.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/measure/measurement.h"
#include "kernels/probe/probe.h"

namespace llmarch {

// The probes of one phase, and the steps between them.
class PairedLimits {
 public:
  void add_readings(LimitReadings readings) { readings_.push_back(std::move(readings)); }
  // A step that came after the latest probe. At least one probe must have been added before.
  void add_step(double seconds);

  // For each step, the work that a loop of the probe would have done in the step's time, at the
  // mean of its rates before and after the step (or the rate before it, where no probe came after).
  // The limit is the median of this work over the median step time, for the fastest loop. So a
  // step's share of the limit is its work over the loop's work in the same time, and stays the same
  // if the machine is twice as fast during half of the steps. Where the machine has no bf16
  // instructions, the bf16 limit is that of f32. At least one step must have been added.
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
