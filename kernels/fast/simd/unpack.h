// Blocks of quantised panels (kernels/fast/quantised_panel.h) as products read them: unsigned
// bytes, and a scale and a minimum for each group. Loops are plain, for the compiler to vectorise
// with the flags of each instruction set.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/fast/matrix_format.h"

namespace llmarch::fast::simd {

inline constexpr std::size_t kColumns = 64;

// f16 to float without instructions for it, and without a branch: infinities and subnormals are set
// right after the exponent has been rebased.
template <class L>
float float_of_half(std::uint16_t half) {
  const std::uint32_t shifted = (half & 0x7fffU) << 13U;
  const std::uint32_t exponent = shifted & 0x0f800000U;
  const std::uint32_t rebased = shifted + (112U << 23U);
  const float subnormal = std::bit_cast<float>(rebased + (1U << 23U)) - 0x1p-14F;
  const std::uint32_t special = rebased + (112U << 23U);
  std::uint32_t bits = exponent == 0 ? std::bit_cast<std::uint32_t>(subnormal) : rebased;
  bits = exponent == 0x0f800000U ? special : bits;
  return std::bit_cast<float>(bits | (half & 0x8000U) << 16U);
}

template <class L>
void floats_of_halves(const std::byte* halves, float* out) {
  const auto* const in = reinterpret_cast<const std::uint16_t*>(halves);
  for (std::size_t o = 0; o < kColumns; ++o) out[o] = float_of_half<L>(in[o]);
}

// Four quants at a time: instruction sets shift words and no bytes.
using Word = std::uint32_t;
inline constexpr Word kOneBit = 0x01010101U;  // of each byte
inline constexpr Word kTwoBits = 0x03030303U;
inline constexpr Word kFourBits = 0x0f0f0f0fU;

// The lower halves of `count` bytes, and after them the upper halves.
template <class L>
void split_halves(const std::byte* packed, std::size_t count, std::byte* quants) {
  const auto* const in = reinterpret_cast<const Word*>(packed);
  auto* const __restrict lower = reinterpret_cast<Word*>(quants);
  auto* const __restrict upper = reinterpret_cast<Word*>(quants + count);
  for (std::size_t i = 0; i < count / 4; ++i) {
    const Word four = in[i];
    lower[i] = four & kFourBits;
    upper[i] = four >> 4U & kFourBits;
  }
}

// From the codes of e2m1 to twice their value and 12 more: the sign is the highest bit, and the
// magnitudes are 0, 0.5, 1, 1.5, 2, 3, 4 and 6.
inline constexpr std::uint8_t kNumbersOfFp4[16]{12, 13, 14, 15, 16, 18, 20, 24,
                                                12, 11, 10, 9,  8,  6,  4,  0};

template <class L>
void scales_of_exponents(const std::byte* at, float* scales) {
  const auto* const exponents = reinterpret_cast<const std::uint8_t*>(at);
  for (std::size_t o = 0; o < kColumns; ++o) {  // half of 2^(e - 127), since quants are doubled
    const std::uint32_t e = exponents[o];
    scales[o] = std::bit_cast<float>(e >= 2 ? (e - 1) << 23U : 0x00200000U << e);
  }
}

// From a bit for each element, eight steps in a byte: adds it to quants at `shift`.
template <class L>
void add_bits(const std::byte* planes, std::size_t groups, std::uint32_t shift, std::byte* quants) {
  for (std::size_t group = 0; group < groups; ++group) {
    const auto* const plane = reinterpret_cast<const Word*>(planes) + group * kColumns;
    for (std::uint32_t step = 0; step < 8; ++step) {
      auto* const __restrict out = reinterpret_cast<Word*>(quants) + (group * 8 + step) * kColumns;
      for (std::size_t i = 0; i < kColumns; ++i) out[i] |= (plane[i] >> step & kOneBit) << shift;
    }
  }
}

// Two bits of each of 256 elements: groups j, j + 4, j + 8 and j + 12 share bytes.
template <class L>
void split_quarters(const std::byte* planes, std::byte* quants) {
  constexpr std::size_t kGroup = 4 * kColumns;  // words
  for (std::uint32_t group = 0; group < 16; ++group) {
    const auto* const in = reinterpret_cast<const Word*>(planes) + group % 4 * kGroup;
    auto* const __restrict out = reinterpret_cast<Word*>(quants) + group * kGroup;
    for (std::size_t i = 0; i < kGroup; ++i) out[i] = in[i] >> group / 4 * 2 & kTwoBits;
  }
}

// What is added to every quant of a row is the minimum that is taken away, with its sign turned.
template <class L>
void turned_halves(const std::byte* halves, float* out) {
  floats_of_halves<L>(halves, out);
  for (std::size_t o = 0; o < kColumns; ++o) out[o] = -out[o];
}

// The scales and minima of q4_k and q5_k, from the words that quantised_panel.h describes.
template <class L>
void scales_of_six_bits(const std::byte* after, float* scales, float* minima) {
  const auto* const words = reinterpret_cast<const std::uint32_t*>(after);
  float of_scales[kColumns];
  float of_minima[kColumns];
  floats_of_halves<L>(after + 12 * kColumns, of_scales);
  floats_of_halves<L>(after + 14 * kColumns, of_minima);
  for (std::uint32_t group = 0; group < 8; ++group) {
    for (std::size_t o = 0; o < kColumns; ++o) {
      const std::uint32_t upper = words[2 * kColumns + o] >> 4 * group;
      const std::uint32_t scale = (words[o] >> 4 * group & 15U) | (upper & 3U) << 4U;
      const std::uint32_t minimum = (words[kColumns + o] >> 4 * group & 15U) | (upper >> 2U & 3U)
                                                                                   << 4U;
      scales[group * kColumns + o] = of_scales[o] * static_cast<float>(static_cast<int>(scale));
      minima[group * kColumns + o] = of_minima[o] * static_cast<float>(static_cast<int>(minimum));
    }
  }
}

template <class L>
void unpack_pairs(const std::byte* block, std::byte* quants) {
  for (std::size_t pair = 0; pair < 4; ++pair) {
    split_halves<L>(block + pair * 32 * kColumns, 32 * kColumns, quants + pair * 64 * kColumns);
  }
}

template <class L>
void scales_of_q3_k(const std::byte* after, float* scales) {
  const auto* const words = reinterpret_cast<const std::uint32_t*>(after);
  float of_scales[kColumns];
  floats_of_halves<L>(after + 12 * kColumns, of_scales);
  for (std::uint32_t group = 0; group < 16; ++group) {
    const auto* const lower = words + group / 8 * kColumns;
    for (std::size_t o = 0; o < kColumns; ++o) {
      const std::uint32_t upper = words[2 * kColumns + o] >> 2 * group & 3U;
      const std::uint32_t scale = (lower[o] >> group % 8 * 4 & 15U) | upper << 4U;
      scales[group * kColumns + o] =
          of_scales[o] * static_cast<float>(static_cast<int>(scale) - 32);
    }
  }
}

template <class L>
void scales_of_q2_k(const std::byte* after, float* scales, float* minima) {
  const auto* const both = reinterpret_cast<const std::uint8_t*>(after);
  float of_scales[kColumns];
  float of_minima[kColumns];
  floats_of_halves<L>(after + 16 * kColumns, of_scales);
  floats_of_halves<L>(after + 18 * kColumns, of_minima);
  for (std::size_t group = 0; group < 16; ++group) {
    for (std::size_t o = 0; o < kColumns; ++o) {
      const int of_group = both[group * kColumns + o];
      scales[group * kColumns + o] = of_scales[o] * static_cast<float>(of_group & 15);
      minima[group * kColumns + o] = of_minima[o] * static_cast<float>(of_group >> 4);
    }
  }
}

// The sixteen numbers of iq4_nl (kernels/weight_files/block_readers.h), and 128 more.
inline constexpr std::uint8_t kNumbersOfIq4[16]{1,   24,  45,  63,  79,  93,  106, 118,
                                                129, 141, 153, 166, 181, 197, 217, 241};

template <class L>
void scales_of_iq4_xs(const std::byte* after, float* scales) {
  const auto* const lower = reinterpret_cast<const std::uint32_t*>(after);
  const auto* const upper = reinterpret_cast<const std::uint16_t*>(after + 4 * kColumns);
  float of_scales[kColumns];
  floats_of_halves<L>(after + 6 * kColumns, of_scales);
  for (std::uint32_t group = 0; group < 8; ++group) {
    for (std::size_t o = 0; o < kColumns; ++o) {
      const std::uint32_t two = static_cast<std::uint32_t>(upper[o]) >> 2 * group & 3U;
      const std::uint32_t scale = (lower[o] >> 4 * group & 15U) | two << 4U;
      scales[group * kColumns + o] =
          of_scales[o] * static_cast<float>(static_cast<int>(scale) - 32);
    }
  }
}

// The lower four bits of two groups share bytes, and the upper two bits of four groups.
template <class L>
void join_six_bits(const std::byte* block, std::byte* quants) {
  constexpr std::size_t kGroup = 4 * kColumns;  // words
  const auto* const lower = reinterpret_cast<const Word*>(block);
  const auto* const upper = lower + 8 * kGroup;
  for (std::uint32_t group = 0; group < 16; ++group) {
    const auto* const low = lower + group / 2 * kGroup;
    const auto* const high = upper + group % 4 * kGroup;
    auto* const __restrict out = reinterpret_cast<Word*>(quants) + group * kGroup;
    for (std::size_t i = 0; i < kGroup; ++i) {
      out[i] = (low[i] >> group % 2 * 4 & kFourBits) | (high[i] >> group / 4 * 2 & kTwoBits) << 4U;
    }
  }
}

template <class L>
void scales_of_q6_k(const std::byte* after, float* scales) {
  const auto* const factors = reinterpret_cast<const std::int8_t*>(after);
  float of_scales[kColumns];
  floats_of_halves<L>(after + 16 * kColumns, of_scales);
  for (std::size_t group = 0; group < 16; ++group) {
    for (std::size_t o = 0; o < kColumns; ++o) {
      scales[group * kColumns + o] =
          of_scales[o] * static_cast<float>(factors[group * kColumns + o]);
    }
  }
}

// Groups of 32 elements whose halves share bytes.
template <class L>
void unpack_halves(const std::byte* block, std::size_t groups, std::byte* quants) {
  for (std::size_t group = 0; group < groups; ++group) {
    split_halves<L>(block + group * 16 * kColumns, 16 * kColumns, quants + group * 32 * kColumns);
  }
}

template <class L>
void unpack(MatrixFormat format, const std::byte* block, std::byte* quants) {
  switch (format) {
    case MatrixFormat::q4_0:
    case MatrixFormat::q4_1: return unpack_halves<L>(block, 1, quants);
    case MatrixFormat::q5_0:
    case MatrixFormat::q5_1:
      unpack_halves<L>(block, 1, quants);
      return add_bits<L>(block + 16 * kColumns, 1, 4, quants);
    case MatrixFormat::iq4_nl:
      unpack_halves<L>(block, 1, quants);
      return L::look_up(kNumbersOfIq4, quants, 32 * kColumns);
    case MatrixFormat::iq4_xs:
      unpack_halves<L>(block, 8, quants);
      return L::look_up(kNumbersOfIq4, quants, 256 * kColumns);
    case MatrixFormat::mxfp4:
      unpack_halves<L>(block, 1, quants);
      return L::look_up(kNumbersOfFp4, quants, 32 * kColumns);
    case MatrixFormat::q2_k: return split_quarters<L>(block, quants);
    case MatrixFormat::q3_k:
      split_quarters<L>(block, quants);
      return add_bits<L>(block + 64 * kColumns, 8, 2, quants);
    case MatrixFormat::q4_k: return unpack_pairs<L>(block, quants);
    case MatrixFormat::q5_k:
      unpack_pairs<L>(block, quants);
      return add_bits<L>(block + 128 * kColumns, 8, 4, quants);
    case MatrixFormat::q6_k: return join_six_bits<L>(block, quants);
    case MatrixFormat::q8_0:
    case MatrixFormat::int8_channel:
    case MatrixFormat::f32:
    case MatrixFormat::bf16: return;  // bytes, or no blocks
  }
}

template <class L>
void scales_of_block(MatrixFormat format, const std::byte* block, float* scales, float* minima) {
  switch (format) {
    case MatrixFormat::q8_0: return floats_of_halves<L>(block + 32 * kColumns, scales);
    case MatrixFormat::q4_0:
    case MatrixFormat::iq4_nl: return floats_of_halves<L>(block + 16 * kColumns, scales);
    case MatrixFormat::q5_0: return floats_of_halves<L>(block + 20 * kColumns, scales);
    case MatrixFormat::q4_1:
      floats_of_halves<L>(block + 16 * kColumns, scales);
      return turned_halves<L>(block + 18 * kColumns, minima);
    case MatrixFormat::q5_1:
      floats_of_halves<L>(block + 20 * kColumns, scales);
      return turned_halves<L>(block + 22 * kColumns, minima);
    case MatrixFormat::mxfp4: return scales_of_exponents<L>(block + 16 * kColumns, scales);
    case MatrixFormat::iq4_xs: return scales_of_iq4_xs<L>(block + 128 * kColumns, scales);
    case MatrixFormat::q2_k: return scales_of_q2_k<L>(block + 64 * kColumns, scales, minima);
    case MatrixFormat::q3_k: return scales_of_q3_k<L>(block + 96 * kColumns, scales);
    case MatrixFormat::q4_k: return scales_of_six_bits<L>(block + 128 * kColumns, scales, minima);
    case MatrixFormat::q5_k: return scales_of_six_bits<L>(block + 160 * kColumns, scales, minima);
    case MatrixFormat::q6_k: return scales_of_q6_k<L>(block + 192 * kColumns, scales);
    case MatrixFormat::int8_channel:
    case MatrixFormat::f32:
    case MatrixFormat::bf16: return;  // they have no scales in their blocks
  }
}

}  // namespace llmarch::fast::simd
