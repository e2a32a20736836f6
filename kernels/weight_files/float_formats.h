// The bit layouts of the 16-bit float formats, and how each becomes the float of equal value. Both
// conversions are exact: every value of either format is a float too.
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

}  // namespace llmarch
