#include "kernels/measure/spread.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace llmarch {
namespace {

double quantile(const std::vector<double>& ascending, double part) {
  const double place = part * static_cast<double>(ascending.size() - 1);
  const double below = std::floor(place);
  const auto index = static_cast<std::size_t>(below);
  const double above = ascending.at(std::min(index + 1, ascending.size() - 1));
  return ascending.at(index) + (place - below) * (above - ascending.at(index));
}

}  // namespace

double Spread::relative_width() const {
  return median > 0 ? (upper_quartile - lower_quartile) / median : 0;
}

Spread spread_of(std::vector<double> samples) {
  if (samples.empty()) throw std::invalid_argument("spread_of: no samples");
  std::sort(samples.begin(), samples.end());
  return {.median = quantile(samples, 0.5),
          .least = samples.front(),
          .most = samples.back(),
          .lower_quartile = quantile(samples, 0.25),
          .upper_quartile = quantile(samples, 0.75),
          .samples = samples.size()};
}

Spread rate_of(double amount, const Spread& seconds) {
  return {.median = amount / seconds.median,
          .least = amount / seconds.most,
          .most = amount / seconds.least,
          .lower_quartile = amount / seconds.upper_quartile,
          .upper_quartile = amount / seconds.lower_quartile,
          .samples = seconds.samples};
}

bool too_wide(const Spread& spread) {
  return spread.relative_width() > kWidestTrusted;
}

}  // namespace llmarch
