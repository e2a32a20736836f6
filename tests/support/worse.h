// The worse of two differences, of which one may not be a number.
#pragma once

#include <algorithm>
#include <cmath>

namespace llmarch {

// std::max would lose a NaN to whatever comes after it.
inline double worse(double left, double right) {
  if (std::isnan(left)) return left;
  return std::isnan(right) ? right : std::max(left, right);
}

}  // namespace llmarch
