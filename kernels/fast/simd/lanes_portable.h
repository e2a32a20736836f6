// One lane: plain floats, which the compiler may vectorise as it likes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/fast/stored.h"

namespace llmarch::fast::simd {

struct PortableLanes {
  using F = float;
  static constexpr std::size_t kWidth = 1;
  static F zero() { return 0; }
  static F all(float x) { return x; }
  static F load(const float* p) { return *p; }
  static void store(float* p, F x) { *p = x; }
  static F load_first(const float* /*p*/, std::size_t /*count*/) { return 0; }
  static void store_first(float* /*p*/, F /*x*/, std::size_t /*count*/) {}
  static F first_of(std::size_t count, F x, F y) { return count > 0 ? x : y; }
  static F multiply(F a, F b) { return a * b; }
  static F multiply_add(F a, F b, F c) { return a * b + c; }
  // b where either is a NaN, as the instructions of x86 have it
  static F larger(F a, F b) { return a > b ? a : b; }
  static F smaller(F a, F b) { return a < b ? a : b; }
  static F nearest(F x) { return __builtin_rintf(x); }
  // x * 2^n, where neither x nor the product is subnormal; a NaN where x and n are
  static F times_power_of_two(F x, F n) {
    const auto whole = __builtin_isnan(n) != 0 ? 0 : static_cast<std::int32_t>(n);
    const auto shift = static_cast<std::uint32_t>(whole) << 23U;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + shift);
  }
  static float sum(F x) { return x; }
  static float largest(F x) { return x; }
  static F rounded_to_bf16(F x) { return from_bf16(to_bf16(x)); }
  // Each of `count` codes, a multiple of 64 of them, becomes the number that it stands for.
  static void look_up(const std::uint8_t (&numbers)[16], std::byte* codes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      codes[i] = static_cast<std::byte>(numbers[static_cast<std::size_t>(codes[i])]);
    }
  }
  [[gnu::always_inline]] static void prefetch(const std::byte* /*p*/) {}
  [[gnu::always_inline]] static void prefetch_far(const std::byte* /*p*/) {}
};

}  // namespace llmarch::fast::simd
