#include "kernels/reference/lightning.h"

#include <cmath>

namespace llmarch {

double lightning_decay(const PlaceAmong& head, const PlaceAmong& layer, std::size_t full) {
  constexpr double kEpsilon = 1e-5;  // that of the library's code
  const auto number = static_cast<double>(head.index + 1);
  const double slope = std::exp2(-8 * number / static_cast<double>(head.count));
  const double last = static_cast<double>(layer.count) - 1 + kEpsilon;
  const double after = static_cast<double>(layer.index) - static_cast<double>(full);
  return std::exp(-slope * (1 - after / last + kEpsilon));
}

}  // namespace llmarch
