#include "sim/graph/normal_quantile.h"

#include <cmath>
#include <numbers>

namespace llmarch {
namespace {

// A rational approximation of the inverse error function, to start from; the coefficients are those
// in common use (PyTorch's erfinv among others).
float first_guess(float y) {
  constexpr float kCentral = 0.7F;
  if (std::abs(y) <= kCentral) {
    const float z = y * y;
    const float above = ((-0.140543331F * z + 0.914624893F) * z - 1.645349621F) * z + 0.886226899F;
    const float below =
        (((0.012229801F * z - 0.329097515F) * z + 1.442710462F) * z - 2.118377725F) * z + 1;
    return y * above / below;
  }
  const float z = std::sqrt(-std::log((1 - std::abs(y)) / 2));
  const float above = ((1.641345311F * z + 3.429567803F) * z - 1.624906493F) * z - 1.970840454F;
  const float below = (1.637067800F * z + 3.543889200F) * z + 1;
  return std::copysign(above / below, y);
}

}  // namespace

float normal_quantile(float share) {
  const float y = 2 * share - 1;
  constexpr float kSlope = 2 * std::numbers::inv_sqrtpi_v<float>;  // of erf at 0
  float x = first_guess(y);
  for (int newton = 0; newton < 2; ++newton) x -= (std::erf(x) - y) / (kSlope * std::exp(-x * x));
  return x * std::numbers::sqrt2_v<float>;
}

}  // namespace llmarch
