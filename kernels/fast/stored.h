// How weights and caches are stored: the two formats of the fast kernels, and how a float is
// rounded to the narrower one. Products of either format are added up in float.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace llmarch::fast {

enum class Stored { f32, bf16 };

constexpr std::size_t bytes_of(Stored stored) {
  return stored == Stored::f32 ? 4 : 2;
}

// How many elements along the inner dimension of a product lie beside each other: the instructions
// for bf16 multiply pairs.
constexpr std::size_t depth_of(Stored stored) {
  return stored == Stored::f32 ? 1 : 2;
}

// To the nearest; halfway between two, to the even one. NaNs stay NaNs.
inline std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
}

inline float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

// The value as it is after being stored and read again.
inline float rounded(Stored stored, float value) {
  return stored == Stored::f32 ? value : from_bf16(to_bf16(value));
}

}  // namespace llmarch::fast
