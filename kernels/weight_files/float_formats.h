// The bit layouts of the 16-bit float formats, and how each becomes the float of equal value, which
// is exact: every value of either format is a float too. How a float is rounded to f16.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace llmarch {

// BF16 is a float without its lower 16 bits.
inline float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

// F16: 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits.
inline float f16_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {  // zero and subnormals count in steps of 2^-24
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  // Infinities and NaNs have all exponent bits set in both formats; float's bias is 127.
  const std::uint32_t widened = exponent == 0x1fU ? 0xffU : exponent + (127U - 15U);
  return std::bit_cast<float>(sign | (widened << 23U) | (fraction << 13U));
}

// To the nearest; halfway between two, to the even one. What is too large becomes infinite.
inline std::uint16_t float_to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16U & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return sign | 0x7e00U;
  if (magnitude >= 0x477ff000U) return sign | 0x7c00U;  // 65,520 is halfway to 2^16
  if (magnitude < 0x38800000U) {                        // below 2^-14: steps of 2^-24
    const float steps = std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24));
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(steps));
  }
  const std::uint32_t rebased = magnitude - ((127U - 15U) << 23U);
  const std::uint32_t rounded = rebased + 0xfffU + (rebased >> 13U & 1U);
  return static_cast<std::uint16_t>(sign | rounded >> 13U);
}

}  // namespace llmarch
