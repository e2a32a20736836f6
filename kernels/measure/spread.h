// Repeated readings of a clock, and how far they can be trusted. Nothing here reads a clock.
#pragma once

#include <cstddef>
#include <vector>

namespace llmarch {

// Seconds, or any other quantity that was read several times.
struct Spread {
  double median = 0;
  double least = 0, most = 0;
  double lower_quartile = 0, upper_quartile = 0;
  std::size_t samples = 0;

  // The middle half of the readings, as a part of the median. A single reading far off (the system
  // did something else for a moment) does not move it.
  [[nodiscard]] double relative_width() const;
};

// At least one sample. Quartiles between two samples are interpolated, as is the median of an even
// number of them.
Spread spread_of(std::vector<double> samples);

// Amount per second at each of the times: what was fastest is most.
Spread rate_of(double amount, const Spread& seconds);

// Beyond this part of the median the middle half is too wide for the median to be quoted.
inline constexpr double kWidestTrusted = 0.10;

bool too_wide(const Spread& spread);

}  // namespace llmarch
