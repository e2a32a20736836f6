// Products with quantised weights: templates over the lanes of an instruction set, and over its way
// to multiply bytes (ByteDots: quants unsigned, activations signed). Loops over bytes are plain,
// for the compiler to vectorise with the flags of each instruction set.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/fast/simd/kernels.h"
#include "kernels/fast/simd/tiles.h"

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

template <class L>
void unpack_q4_k(const std::byte* block, std::byte* quants, float* scales, float* minima) {
  for (std::size_t pair = 0; pair < 4; ++pair) {
    split_halves<L>(block + pair * 32 * kColumns, 32 * kColumns, quants + pair * 64 * kColumns);
  }
  const std::byte* const after = block + 128 * kColumns;
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
void unpack(MatrixFormat format, const std::byte* block, std::size_t ahead, std::byte* quants,
            float* scales, float* minima) {
  const std::byte* const later = block + ahead;
  switch (format) {
    case MatrixFormat::q8_0:
      prefetch_block<L, MatrixFormat::q8_0>(later);
      return floats_of_halves<L>(block + 32 * kColumns, scales);
    case MatrixFormat::q4_0:
      prefetch_block<L, MatrixFormat::q4_0>(later);
      split_halves<L>(block, 16 * kColumns, quants);
      return floats_of_halves<L>(block + 16 * kColumns, scales);
    case MatrixFormat::mxfp4:
      prefetch_block<L, MatrixFormat::mxfp4>(later);
      return unpack_fp4<L>(block, quants, scales);
    case MatrixFormat::q4_k:
      prefetch_block<L, MatrixFormat::q4_k>(later);
      return unpack_q4_k<L>(block, quants, scales, minima);
    case MatrixFormat::q6_k:
      prefetch_block<L, MatrixFormat::q6_k>(later);
      return unpack_q6_k<L>(block, quants, scales);
    case MatrixFormat::int8_channel: return prefetch_block<L, MatrixFormat::int8_channel>(later);
    case MatrixFormat::f32:
    case MatrixFormat::bf16: return;  // they have no blocks
  }
}

// Rounds the inputs that have a scale in common, with zeros after the row's end. The bits of floats
// without their sign are ordered as the floats are, and those of NaNs come last.
template <class L>
float quantise(const float* in, std::size_t count, std::size_t padded, std::int8_t* out) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(in[i]) & 0x7fffffffU;
    largest = magnitude > largest ? magnitude : largest;
  }
  const bool finite = largest < 0x7f800000U;
  // What is too small has no reciprocal; it is as good as zero.
  const bool counts = finite && largest >= 0x02000000U;
  const float reciprocal = counts ? 127 / std::bit_cast<float>(largest) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float x = counts ? in[i] * reciprocal : 0;
    out[i] = static_cast<std::int8_t>(static_cast<int>(__builtin_rintf(x)));
  }
  for (std::size_t i = count; i < padded; ++i) out[i] = 0;
  if (!finite) return __builtin_nanf("");
  return counts ? std::bit_cast<float>(largest) / 127 : 0;
}

template <class L>
void convert_to_bytes(const float* in, const QuantisedRow& row, std::byte* left) {
  const std::size_t padded = row.groups * row.group;
  auto* const quants = reinterpret_cast<std::int8_t*>(left);
  auto* const scales = reinterpret_cast<float*>(left + padded);
  auto* const sums = reinterpret_cast<int*>(left + padded + row.groups * 4);
  for (std::size_t first = 0; first < padded; first += row.shared) {
    const std::size_t here = padded - first < row.shared ? padded - first : row.shared;
    const std::size_t there = row.columns > first ? row.columns - first : 0;
    const float scale = quantise<L>(in + first, there < here ? there : here, here, quants + first);
    for (std::size_t g = first / row.group; g < (first + here) / row.group; ++g) scales[g] = scale;
  }
  for (std::size_t g = 0; g < row.groups; ++g) {
    int sum = 0;
    for (std::size_t i = 0; i < row.group; ++i) sum += quants[g * row.group + i];
    sums[g] = sum;
  }
}

inline const float* row_of(const float* rows, std::size_t row, std::size_t bytes) {
  return reinterpret_cast<const float*>(reinterpret_cast<const std::byte*>(rows) + row * bytes);
}
inline const int* row_of(const int* rows, std::size_t row, std::size_t bytes) {
  return reinterpret_cast<const int*>(reinterpret_cast<const std::byte*>(rows) + row * bytes);
}

// Some columns of a tile, from `column` on: ByteDots::kVectors vectors of them. In one function, so
// that sums stay in registers.
template <class Dots, int kRows, bool kMinima>
// NOLINTNEXTLINE(readability-function-cognitive-complexity)
void multiply_groups(const QuantisedTile& tile, std::size_t column) {
  using L = typename Dots::Lanes;
  constexpr int kVectors = Dots::kVectors;
  typename L::F totals[kRows][kVectors];
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      const std::size_t at = static_cast<std::size_t>(r) * tile.sums_stride + column +
                             static_cast<std::size_t>(v) * L::kWidth;
      totals[r][v] = tile.onto == nullptr ? L::zero() : L::load(tile.onto + at);
    }
  }
  const std::byte* left = tile.left;
  const std::byte* quants = tile.quants + column * 4;
  const float* scales = tile.scales + column;
  const float* minima = kMinima ? tile.minima + column : nullptr;
  for (std::size_t g = 0; g < tile.groups; ++g) {
    typename Dots::Sums sums[kRows][kVectors];
    LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
      const int* const of_row =
          row_of(tile.left_sums, static_cast<std::size_t>(r), tile.left_stride);
      const auto start = Dots::all(-tile.offset * of_row[g]);
      LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) sums[r][v] = start;
    }
    for (std::size_t i = 0; i < tile.group; i += 4) {
      decltype(Dots::load(quants)) right[kVectors];
      LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
        right[v] = Dots::load(quants + i * kColumns + static_cast<std::size_t>(v) * L::kWidth * 4);
      }
      LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
        const auto four = Dots::left(left + static_cast<std::size_t>(r) * tile.left_stride + i);
        LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
          sums[r][v] = Dots::add(sums[r][v], right[v], four);
        }
      }
    }
    LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
      const auto row = static_cast<std::size_t>(r);
      const float scale = row_of(tile.left_scales, row, tile.left_stride)[g];
      const auto factor = L::all(scale);
      LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
        const std::size_t at = static_cast<std::size_t>(v) * L::kWidth;
        const auto both = L::multiply(L::load(scales + at), factor);
        totals[r][v] = L::multiply_add(Dots::floats(sums[r][v]), both, totals[r][v]);
        if constexpr (kMinima) {
          const int sum = row_of(tile.left_sums, row, tile.left_stride)[g];
          totals[r][v] = L::multiply_add(L::load(minima + at),
                                         L::all(-scale * static_cast<float>(sum)), totals[r][v]);
        }
      }
    }
    left += tile.group;
    quants += tile.quants_stride;
    scales += tile.scales_stride;
    if constexpr (kMinima) minima += tile.scales_stride;
  }
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      L::store(tile.sums + static_cast<std::size_t>(r) * tile.sums_stride + column +
                   static_cast<std::size_t>(v) * L::kWidth,
               totals[r][v]);
    }
  }
}

template <class Dots, bool kMinima>
void multiply_rows_of(const QuantisedTile& tile, std::size_t column) {
  // A tile has at most Dots::kRows rows; loops over more are not compiled for it.
  constexpr int kFiveAtMost = Dots::kRows < 5 ? 4 : 5;
  constexpr int kSixAtMost = Dots::kRows < 6 ? 4 : 6;
  switch (tile.rows) {
    case 1: return multiply_groups<Dots, 1, kMinima>(tile, column);
    case 2: return multiply_groups<Dots, 2, kMinima>(tile, column);
    case 3: return multiply_groups<Dots, 3, kMinima>(tile, column);
    case 4: return multiply_groups<Dots, 4, kMinima>(tile, column);
    case 5: return multiply_groups<Dots, kFiveAtMost, kMinima>(tile, column);
    default: return multiply_groups<Dots, kSixAtMost, kMinima>(tile, column);
  }
}

template <class Dots>
void multiply_quantised(const QuantisedTile& tile) {
  constexpr std::size_t kStrip = Dots::kVectors * Dots::Lanes::kWidth;
  for (std::size_t column = 0; column < kColumns; column += kStrip) {
    tile.minima == nullptr ? multiply_rows_of<Dots, false>(tile, column)
                           : multiply_rows_of<Dots, true>(tile, column);
  }
}

template <class Dots>
constexpr QuantisedKernels quantised_kernels() {
  using L = typename Dots::Lanes;
  return {Dots::kRows, convert_to_bytes<L>, unpack<L>, multiply_quantised<Dots>};
}

}  // namespace llmarch::fast::simd
