// Blocks of narrow caches, widened to the bf16 pairs that products read. Codes lie in the order of
// those pairs (kernels/fast/cache.h), so f16 and fp8 are widened element by element; q8_0 is
// multiplied with its scales, which follow the codes: 64 in f16 for each 32 elements, one for each
// position. Loops are plain, for the compiler to vectorise with the flags of each instruction set.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/fast/simd/kernels.h"
#include "kernels/fast/simd/unpack.h"

namespace llmarch::fast::simd {

template <class L>
std::uint16_t bf16_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t rounded = (bits + 0x7fffU + (bits >> 16U & 1U)) >> 16U;
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  return static_cast<std::uint16_t>(nan ? 0x7fc0U : rounded);
}

// Without a branch: subnormals are set right after the exponent has been rebased.
template <class L>
float float_of_e4m3(std::uint8_t code) {
  const std::uint32_t magnitude = code & 0x7fU;
  const std::uint32_t rebased = (magnitude << 20U) + (120U << 23U);
  const float subnormal = std::bit_cast<float>(rebased + (1U << 23U)) - 0x1p-6F;
  std::uint32_t bits = magnitude < 8 ? std::bit_cast<std::uint32_t>(subnormal) : rebased;
  bits = magnitude == 0x7fU ? 0x7fc00000U : bits;
  return std::bit_cast<float>(bits | (code & 0x80U) << 24U);
}

template <class L>
void widen_f16(const std::byte* codes, std::size_t count, std::byte* pairs) {
  const auto* const in = reinterpret_cast<const std::uint16_t*>(codes);
  auto* const out = reinterpret_cast<std::uint16_t*>(pairs);
  for (std::size_t i = 0; i < count; ++i) out[i] = bf16_of<L>(float_of_half<L>(in[i]));
}

template <class L>
void widen_fp8(const std::byte* codes, std::size_t count, std::byte* pairs) {
  const auto* const in = reinterpret_cast<const std::uint8_t*>(codes);
  auto* const out = reinterpret_cast<std::uint16_t*>(pairs);
  for (std::size_t i = 0; i < count; ++i) out[i] = bf16_of<L>(float_of_e4m3<L>(in[i]));
}

template <class L, std::size_t kCount>
void widen_bytes(const std::int8_t* in, const float* factors, std::uint16_t* out) {
  for (std::size_t i = 0; i < kCount; ++i) {
    out[i] = bf16_of<L>(static_cast<float>(in[i]) * factors[i]);
  }
}

// A block of keys: 16 lines of 64 pairs have the same scales, and the two elements of a pair are of
// one position.
template <class L>
void widen_q8_keys(const std::byte* block, std::size_t width, std::byte* pairs) {
  const auto* in = reinterpret_cast<const std::int8_t*>(block);
  auto* out = reinterpret_cast<std::uint16_t*>(pairs);
  const std::byte* scales = block + width * 64;
  for (std::size_t group = 0; group < width / 32; ++group) {
    float of_positions[64];
    float factors[128];
    floats_of_halves<L>(scales + group * 128, of_positions);
    for (std::size_t i = 0; i < 128; ++i) factors[i] = of_positions[i / 2];
    for (std::size_t line = 0; line < 16; ++line) {
      widen_bytes<L, 128>(in, factors, out);
      in += 128;
      out += 128;
    }
  }
}

// A block of values: 32 pairs have the same two scales, and the two elements of a pair are of two
// positions beside each other.
template <class L>
void widen_q8_values(const std::byte* block, std::size_t width, std::byte* pairs) {
  const auto* in = reinterpret_cast<const std::int8_t*>(block);
  auto* out = reinterpret_cast<std::uint16_t*>(pairs);
  const std::byte* scales = block + width * 64;
  for (std::size_t panel = 0; panel < width; panel += 64) {
    const std::size_t groups = width - panel < 64 ? 1 : 2;
    float of_positions[2][64];
    for (std::size_t g = 0; g < groups; ++g) {
      floats_of_halves<L>(scales + (panel / 32 + g) * 128, of_positions[g]);
    }
    for (std::size_t position = 0; position < 64; position += 2) {
      for (std::size_t g = 0; g < groups; ++g) {
        float factors[64];
        for (std::size_t i = 0; i < 64; ++i) factors[i] = of_positions[g][position + i % 2];
        widen_bytes<L, 64>(in, factors, out);
        in += 64;
        out += 64;
      }
    }
  }
}

template <class L>
constexpr NarrowKernels narrow_kernels() {
  return {widen_f16<L>, widen_fp8<L>, widen_q8_keys<L>, widen_q8_values<L>};
}

}  // namespace llmarch::fast::simd
