#include "kernels/measure/paired_limits.h"

#include <algorithm>

#include "kernels/measure/spread.h"

namespace llmarch {

void PairedLimits::add_step(double seconds) {
  steps_.push_back({seconds, readings_.size() - 1});
}

double PairedLimits::limit(Loops loops, std::size_t loop) const {
  std::vector<double> meanwhile;
  std::vector<double> seconds;
  for (const Step& step : steps_) {
    const std::size_t after = std::min(step.before + 1, readings_.size() - 1);
    const double before_it = (readings_.at(step.before).*loops).at(loop);
    const double after_it = (readings_.at(after).*loops).at(loop);
    meanwhile.push_back(step.seconds * (before_it + after_it) / 2);
    seconds.push_back(step.seconds);
  }
  return spread_of(std::move(meanwhile)).median / spread_of(std::move(seconds)).median;
}

double PairedLimits::limit(Loops loops) const {
  double best = 0;
  for (std::size_t loop = 0; loop < (readings_.front().*loops).size(); ++loop) {
    best = std::max(best, limit(loops, loop));
  }
  return best;
}

MachineLimits PairedLimits::limits() const {
  const double f32 = limit(&LimitReadings::f32);
  return {limit(&LimitReadings::read), f32, std::max(f32, limit(&LimitReadings::bf16)),
          limit(&LimitReadings::int8)};
}

}  // namespace llmarch
