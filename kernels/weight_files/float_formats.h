// The bit layouts of the 16-bit float formats and of e4m3, and how each becomes the float of equal
// value, which is exact: every value of these formats is a float too. How a float is rounded to f16
// and to e4m3.
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

// E4M3 (OCP 8-bit Floating Point Specification 1.0, "E4M3"): 1 sign bit, 4 exponent bits with bias
// 7, 3 fraction bits; no infinities, and one NaN of either sign.
inline float e4m3_to_float(std::uint8_t code) {
  const std::uint32_t sign = (code & 0x80U) << 24U;
  const std::uint32_t exponent = code >> 3U & 15U;
  const std::uint32_t fraction = code & 7U;
  if ((code & 0x7fU) == 0x7fU) return std::bit_cast<float>(sign | 0x7fc00000U);
  if (exponent == 0) {  // zero and subnormals count in steps of 2^-9
    const float magnitude = std::ldexp(static_cast<float>(fraction), -9);
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + (127U - 7U)) << 23U | fraction << 20U);
}

// To the nearest; halfway between two, to the even one. What is too large becomes the largest, 448.
inline std::uint8_t float_to_e4m3(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint8_t>(bits >> 24U & 0x80U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return sign | 0x7fU;
  if (magnitude >= 0x43e80000U) return sign | 0x7eU;  // 464 is halfway to what would follow
  if (magnitude < 0x3c800000U) {                      // below 2^-6: steps of 2^-9
    const float steps = std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 9));
    return static_cast<std::uint8_t>(sign | static_cast<std::uint8_t>(steps));
  }
  const std::uint32_t rebased = magnitude - ((127U - 7U) << 23U);
  const std::uint32_t rounded = rebased + 0x7ffffU + (rebased >> 20U & 1U);
  return static_cast<std::uint8_t>(sign | rounded >> 20U);
}

}  // namespace llmarch
