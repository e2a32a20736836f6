// Products with quantised weights: templates over the lanes of an instruction set, and over its way
// to multiply bytes (ByteDots: quants unsigned, activations signed). How blocks become bytes and
// scales is in unpack.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/fast/simd/kernels.h"
#include "kernels/fast/simd/tiles.h"
#include "kernels/fast/simd/unpack.h"

namespace llmarch::fast::simd {

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
