// Repeated readings of a clock, and how far they can be trusted. This file reads no clock.
#pragma once

#include <cstddef>
#include <vector>

namespace llmarch {

// The spread of repeated readings, in seconds or any other unit.
struct Spread {
  double median = 0;
  double least = 0, most = 0;
  double lower_quartile = 0, upper_quartile = 0;
  std::size_t samples = 0;

  // The width of the middle half of the readings, as a part of the median. A single outlier does
  // not change it.
  [[nodiscard]] double relative_width() const;
};

// Needs at least one sample. Quartiles that lie between two samples are interpolated, and so is the
// median of an even number.
Spread spread_of(std::vector<double> samples);

// The rate, amount / seconds, for each of the times: the shortest time gives the highest rate.
Spread rate_of(double amount, const Spread& seconds);

// If the middle half is wider than this part of the median, the median is not to be trusted.
inline constexpr double kWidestTrusted = 0.10;

bool too_wide(const Spread& spread);

}  // namespace llmarch
