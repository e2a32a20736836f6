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

// The lower halves of `count` bytes, and after them the upper halves.
template <class L>
void split_halves(const std::byte* packed, std::size_t count, std::byte* quants) {
  const auto* const in = reinterpret_cast<const std::uint8_t*>(packed);
  auto* const lower = reinterpret_cast<std::uint8_t*>(quants);
  auto* const upper = lower + count;
  for (std::size_t i = 0; i < count; ++i) {
    lower[i] = in[i] & 15U;
    upper[i] = in[i] >> 4U;
  }
}

// From the codes of e2m1 to twice their value and 12 more, 0 to 24: magnitudes 0 to 4 are their own
// code, 5, 6 and 7 mean 6, 8 and 12.
template <class L>
void values_of_fp4(std::byte* quants, std::size_t count) {
  auto* const codes = reinterpret_cast<std::uint8_t*>(quants);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t code = codes[i] & 7U;
    const std::uint8_t beyond = code > 4 ? static_cast<std::uint8_t>(code - 4) : 0;
    const std::uint8_t last = code == 7 ? 2 : 0;
    const auto magnitude = static_cast<std::uint8_t>(code + beyond + last);
    codes[i] = static_cast<std::uint8_t>((codes[i] & 8U) != 0 ? 12 - magnitude : 12 + magnitude);
  }
}

template <class L>
void unpack_fp4(const std::byte* block, std::byte* quants, float* scales) {
  split_halves<L>(block, 16 * kColumns, quants);
  values_of_fp4<L>(quants, 32 * kColumns);
  const auto* const exponents = reinterpret_cast<const std::uint8_t*>(block + 16 * kColumns);
  for (std::size_t o = 0; o < kColumns; ++o) {  // half of 2^(e - 127), since quants are doubled
    const std::uint32_t e = exponents[o];
    scales[o] = std::bit_cast<float>(e >= 2 ? (e - 1) << 23U : 0x00200000U << e);
  }
}

// From a bit for each element, eight steps in a byte: adds it to quants at `shift`.
template <class L>
void add_bits(const std::byte* planes, std::size_t groups, std::uint32_t shift, std::byte* quants) {
  for (std::size_t group = 0; group < groups; ++group) {
    const auto* const plane = reinterpret_cast<const std::uint8_t*>(planes) + group * 4 * kColumns;
    for (std::uint32_t step = 0; step < 8; ++step) {
      auto* const out = reinterpret_cast<std::uint8_t*>(quants) + (group * 8 + step) * 4 * kColumns;
      for (std::size_t i = 0; i < 4 * kColumns; ++i) {
        out[i] = static_cast<std::uint8_t>(out[i] | (plane[i] >> step & 1U) << shift);
      }
    }
  }
}

// Two bits of each of 256 elements: groups j, j + 4, j + 8 and j + 12 share bytes.
template <class L>
void split_quarters(const std::byte* planes, std::byte* quants) {
  constexpr std::size_t kGroup = 16 * kColumns;
  for (std::uint32_t group = 0; group < 16; ++group) {
    const auto* const in = reinterpret_cast<const std::uint8_t*>(planes) + group % 4 * kGroup;
    auto* const out = reinterpret_cast<std::uint8_t*>(quants) + group * kGroup;
    for (std::size_t i = 0; i < kGroup; ++i) {
      out[i] = static_cast<std::uint8_t>(in[i] >> group / 4 * 2 & 3U);
    }
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
void unpack_six_bits(const std::byte* after, float* scales, float* minima) {
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
void unpack_q4_k(const std::byte* block, std::byte* quants, float* scales, float* minima) {
  unpack_pairs<L>(block, quants);
  unpack_six_bits<L>(block + 128 * kColumns, scales, minima);
}

template <class L>
void unpack_q5_k(const std::byte* block, std::byte* quants, float* scales, float* minima) {
  unpack_pairs<L>(block, quants);
  add_bits<L>(block + 128 * kColumns, 8, 4, quants);
  unpack_six_bits<L>(block + 160 * kColumns, scales, minima);
}

template <class L>
void unpack_q3_k(const std::byte* block, std::byte* quants, float* scales) {
  split_quarters<L>(block, quants);
  add_bits<L>(block + 64 * kColumns, 8, 2, quants);
  const std::byte* const after = block + 96 * kColumns;
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
void unpack_q2_k(const std::byte* block, std::byte* quants, float* scales, float* minima) {
  split_quarters<L>(block, quants);
  const auto* const both = reinterpret_cast<const std::uint8_t*>(block) + 64 * kColumns;
  float of_scales[kColumns];
  float of_minima[kColumns];
  floats_of_halves<L>(block + 80 * kColumns, of_scales);
  floats_of_halves<L>(block + 82 * kColumns, of_minima);
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
void unpack_iq4_xs(const std::byte* block, std::byte* quants, float* scales) {
  for (std::size_t group = 0; group < 8; ++group) {
    split_halves<L>(block + group * 16 * kColumns, 16 * kColumns, quants + group * 32 * kColumns);
  }
  L::look_up(kNumbersOfIq4, quants, 256 * kColumns);
  const auto* const lower = reinterpret_cast<const std::uint32_t*>(block + 128 * kColumns);
  const auto* const upper = reinterpret_cast<const std::uint16_t*>(block + 132 * kColumns);
  float of_scales[kColumns];
  floats_of_halves<L>(block + 134 * kColumns, of_scales);
  for (std::uint32_t group = 0; group < 8; ++group) {
    for (std::size_t o = 0; o < kColumns; ++o) {
      const std::uint32_t two = static_cast<std::uint32_t>(upper[o]) >> 2 * group & 3U;
      const std::uint32_t scale = (lower[o] >> 4 * group & 15U) | two << 4U;
      scales[group * kColumns + o] =
          of_scales[o] * static_cast<float>(static_cast<int>(scale) - 32);
    }
  }
}

template <class L>
void unpack_q6_k(const std::byte* block, std::byte* quants, float* scales) {
  constexpr std::size_t kGroup = 16 * kColumns;
  const auto* const lower = reinterpret_cast<const std::uint8_t*>(block);
  const auto* const upper = lower + 8 * kGroup;
  auto* const out = reinterpret_cast<std::uint8_t*>(quants);
  for (std::uint32_t group = 0; group < 16; ++group) {
    const std::uint32_t lower_shift = group % 2 * 4;
    const std::uint32_t upper_shift = group / 4 * 2;
    const auto* const low = lower + group / 2 * kGroup;
    const auto* const high = upper + group % 4 * kGroup;
    for (std::size_t i = 0; i < kGroup; ++i) {
      out[group * kGroup + i] = static_cast<std::uint8_t>((low[i] >> lower_shift & 15U) |
                                                          (high[i] >> upper_shift & 3U) << 4U);
    }
  }
  const std::byte* const after = block + 12 * kGroup;
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

// A constant, since a function that is compiled for each instruction set must not be shared.
template <MatrixFormat kFormat>
inline constexpr std::size_t kBlockBytes = facts_of(kFormat).bytes* kColumns;

template <class L, MatrixFormat kFormat>
void prefetch_block(const std::byte* from) {
  for (std::size_t i = 0; i < kBlockBytes<kFormat>; i += 64) L::prefetch(from + i);
}

template <class L>
void prefetch(MatrixFormat format, const std::byte* from) {
  switch (format) {
    case MatrixFormat::q8_0: return prefetch_block<L, MatrixFormat::q8_0>(from);
    case MatrixFormat::q4_0: return prefetch_block<L, MatrixFormat::q4_0>(from);
    case MatrixFormat::q4_1: return prefetch_block<L, MatrixFormat::q4_1>(from);
    case MatrixFormat::q5_0: return prefetch_block<L, MatrixFormat::q5_0>(from);
    case MatrixFormat::q5_1: return prefetch_block<L, MatrixFormat::q5_1>(from);
    case MatrixFormat::q2_k: return prefetch_block<L, MatrixFormat::q2_k>(from);
    case MatrixFormat::q3_k: return prefetch_block<L, MatrixFormat::q3_k>(from);
    case MatrixFormat::q4_k: return prefetch_block<L, MatrixFormat::q4_k>(from);
    case MatrixFormat::q5_k: return prefetch_block<L, MatrixFormat::q5_k>(from);
    case MatrixFormat::q6_k: return prefetch_block<L, MatrixFormat::q6_k>(from);
    case MatrixFormat::iq4_nl: return prefetch_block<L, MatrixFormat::iq4_nl>(from);
    case MatrixFormat::iq4_xs: return prefetch_block<L, MatrixFormat::iq4_xs>(from);
    case MatrixFormat::mxfp4: return prefetch_block<L, MatrixFormat::mxfp4>(from);
    case MatrixFormat::int8_channel: return prefetch_block<L, MatrixFormat::int8_channel>(from);
    case MatrixFormat::f32:
    case MatrixFormat::bf16: return;  // they have no blocks
  }
}

// 32 elements of four bits in halves, and of a fifth where there is one; then the scale, at
// `after`.
template <class L>
void unpack_32(const std::byte* block, std::size_t after, std::byte* quants, float* scales) {
  split_halves<L>(block, 16 * kColumns, quants);
  if (after == 20) add_bits<L>(block + 16 * kColumns, 1, 4, quants);
  floats_of_halves<L>(block + after * kColumns, scales);
}

template <class L>
void unpack(MatrixFormat format, const std::byte* block, std::size_t ahead, std::byte* quants,
            float* scales, float* minima) {
  prefetch<L>(format, block + ahead);
  switch (format) {
    case MatrixFormat::q8_0: return floats_of_halves<L>(block + 32 * kColumns, scales);
    case MatrixFormat::q4_0: return unpack_32<L>(block, 16, quants, scales);
    case MatrixFormat::q5_0: return unpack_32<L>(block, 20, quants, scales);
    case MatrixFormat::q4_1:
      unpack_32<L>(block, 16, quants, scales);
      return turned_halves<L>(block + 18 * kColumns, minima);
    case MatrixFormat::q5_1:
      unpack_32<L>(block, 20, quants, scales);
      return turned_halves<L>(block + 22 * kColumns, minima);
    case MatrixFormat::iq4_nl:
      unpack_32<L>(block, 16, quants, scales);
      return L::look_up(kNumbersOfIq4, quants, 32 * kColumns);
    case MatrixFormat::iq4_xs: return unpack_iq4_xs<L>(block, quants, scales);
    case MatrixFormat::q2_k: return unpack_q2_k<L>(block, quants, scales, minima);
    case MatrixFormat::q3_k: return unpack_q3_k<L>(block, quants, scales);
    case MatrixFormat::q4_k: return unpack_q4_k<L>(block, quants, scales, minima);
    case MatrixFormat::q5_k: return unpack_q5_k<L>(block, quants, scales, minima);
    case MatrixFormat::q6_k: return unpack_q6_k<L>(block, quants, scales);
    case MatrixFormat::mxfp4: return unpack_fp4<L>(block, quants, scales);
    case MatrixFormat::int8_channel:
    case MatrixFormat::f32:
    case MatrixFormat::bf16: return;  // they have no scales in their blocks
  }
}

}  // namespace llmarch::fast::simd
