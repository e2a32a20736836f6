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

// Quants as they lie in memory: each kind gives those of the four inputs from `input` on in group
// `part` of the groups that share bytes, and says with which of them others are prefetched.
// `quants` are the first bytes of these groups.
struct ByteQuants {
  static constexpr std::size_t kGroups = 1;
  static constexpr bool prefetches(std::size_t /*input*/) { return true; }
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t /*part*/, std::size_t input) {
    return Dots::load(quants + input * kColumns);
  }
};

struct HalfQuants {
  static constexpr std::size_t kGroups = 1;
  static constexpr bool prefetches(std::size_t input) { return input < 16; }
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t /*part*/, std::size_t input) {
    return Dots::bits(Dots::load(quants + input % 16 * kColumns), input < 16 ? 0 : 4, 15);
  }
};

template <const std::uint8_t (&kNumbers)[16]>
struct CodedQuants : HalfQuants {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    return Dots::number(kNumbers, HalfQuants::load<Dots>(quants, part, input));
  }
};

// A bit of each of 32 elements, those of eight steps in a byte.
template <class Dots>
auto load_bit(const std::byte* planes, std::size_t element) {
  return Dots::bits(Dots::load(planes + element / 32 * 4 * kColumns),
                    static_cast<int>(element % 32 / 4), 1);
}

struct FifthQuants : HalfQuants {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    return Dots::join(HalfQuants::load<Dots>(quants, part, input),
                      load_bit<Dots>(quants + 16 * kColumns, input), 4);
  }
};

// Blocks of 256 are prefetched before their products.
template <std::size_t kGroupsOfBlock>
struct BlockQuants {
  static constexpr std::size_t kGroups = kGroupsOfBlock;
  static constexpr bool prefetches(std::size_t /*input*/) { return false; }
};

struct Q4KQuants : BlockQuants<8> {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    return Dots::bits(Dots::load(quants + (part / 2 * 32 + input) * kColumns),
                      part % 2 == 0 ? 0 : 4, 15);
  }
};

struct Q5KQuants : BlockQuants<8> {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    return Dots::join(Q4KQuants::load<Dots>(quants, part, input),
                      load_bit<Dots>(quants + 128 * kColumns, part * 32 + input), 4);
  }
};

struct Q2KQuants : BlockQuants<16> {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    return Dots::bits(Dots::load(quants + (part % 4 * 16 + input) * kColumns),
                      static_cast<int>(part / 4 * 2), 3);
  }
};

struct Q3KQuants : BlockQuants<16> {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    return Dots::join(Q2KQuants::load<Dots>(quants, part, input),
                      load_bit<Dots>(quants + 64 * kColumns, part * 16 + input), 2);
  }
};

struct Q6KQuants : BlockQuants<16> {
  template <class Dots>
  static auto load(const std::byte* quants, std::size_t part, std::size_t input) {
    const auto lower = Dots::bits(Dots::load(quants + (part / 2 * 16 + input) * kColumns),
                                  part % 2 == 0 ? 0 : 4, 15);
    const std::byte* const upper = quants + (128 + part % 4 * 16 + input) * kColumns;
    return Dots::join(lower, Dots::bits(Dots::load(upper), static_cast<int>(part / 4 * 2), 3), 4);
  }
};

// Sums of some columns of a tile, kVectors vectors of them, which are held in registers; so all
// that works on them is inlined.
template <class Dots, int kRows, int kVectors>
using TileTotals = typename Dots::Lanes::F[kRows][kVectors];

template <class Dots, int kRows, int kVectors>
[[gnu::always_inline]] inline void load_totals(const QuantisedTile& tile, std::size_t column,
                                               TileTotals<Dots, kRows, kVectors>& totals) {
  using L = typename Dots::Lanes;
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      const std::size_t at = static_cast<std::size_t>(r) * tile.sums_stride + column +
                             static_cast<std::size_t>(v) * L::kWidth;
      totals[r][v] = tile.onto == nullptr ? L::zero() : L::load(tile.onto + at);
    }
  }
}

template <class Dots, int kRows, int kVectors>
[[gnu::always_inline]] inline void store_totals(const QuantisedTile& tile, std::size_t column,
                                                const TileTotals<Dots, kRows, kVectors>& totals) {
  using L = typename Dots::Lanes;
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      L::store(tile.sums + static_cast<std::size_t>(r) * tile.sums_stride + column +
                   static_cast<std::size_t>(v) * L::kWidth,
               totals[r][v]);
    }
  }
}

// The operands of one group.
struct GroupOperands {
  std::size_t group, part;
  const std::byte *left, *quants;
  const float *scales, *minima;
};

// Products of a group, added up as integers.
template <class Dots, class Quants, int kRows, int kVectors, std::size_t kGroup>
[[gnu::always_inline]] inline void sum_group(const QuantisedTile& tile, const GroupOperands& at,
                                             typename Dots::Sums (&sums)[kRows][kVectors]) {
  using L = typename Dots::Lanes;
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    const int* const of_row = row_of(tile.left_sums, static_cast<std::size_t>(r), tile.left_stride);
    const auto start = Dots::all(-tile.offset * of_row[at.group]);
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) sums[r][v] = start;
  }
  LLMARCH_UNROLL for (std::size_t i = 0; i < kGroup; i += 4) {
    decltype(Dots::load(at.quants)) right[kVectors];
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      const std::byte* const quants = at.quants + static_cast<std::size_t>(v) * L::kWidth * 4;
      // The weights of one row come from memory; with more rows the caches hold them.
      if constexpr (kRows == 1) {
        if (Quants::prefetches(i)) L::prefetch(quants + i * kColumns + tile.ahead);
      }
      right[v] = Quants::template load<Dots>(quants, at.part, i);
    }
    LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
      const auto four = Dots::left(at.left + static_cast<std::size_t>(r) * tile.left_stride + i);
      LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = Dots::add(sums[r][v], right[v], four);
      }
    }
  }
}

// Sums of a group times its scales, and what its minima take away.
template <class Dots, int kRows, int kVectors, bool kMinima>
[[gnu::always_inline]] inline void add_group(const QuantisedTile& tile, const GroupOperands& at,
                                             const typename Dots::Sums (&sums)[kRows][kVectors],
                                             TileTotals<Dots, kRows, kVectors>& totals) {
  using L = typename Dots::Lanes;
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    const auto row = static_cast<std::size_t>(r);
    const float scale = row_of(tile.left_scales, row, tile.left_stride)[at.group];
    const auto factor = L::all(scale);
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      const std::size_t lane = static_cast<std::size_t>(v) * L::kWidth;
      const auto both = L::multiply(L::load(at.scales + lane), factor);
      totals[r][v] = L::multiply_add(Dots::floats(sums[r][v]), both, totals[r][v]);
      if constexpr (kMinima) {
        const int sum = row_of(tile.left_sums, row, tile.left_stride)[at.group];
        totals[r][v] = L::multiply_add(L::load(at.minima + lane),
                                       L::all(-scale * static_cast<float>(sum)), totals[r][v]);
      }
    }
  }
}

// Some columns of a tile, from `column` on. The inputs of a group are unrolled: GCC 12 copies each
// sum twice in every round of a loop over them.
template <class Dots, class Quants, int kRows, int kVectors, bool kMinima, std::size_t kGroup>
void multiply_groups(const QuantisedTile& tile, std::size_t column) {
  TileTotals<Dots, kRows, kVectors> totals;
  load_totals<Dots, kRows, kVectors>(tile, column, totals);
  GroupOperands at{0,
                   0,
                   tile.left,
                   tile.quants + column * 4,
                   tile.scales + column,
                   kMinima ? tile.minima + column : nullptr};
  while (at.group < tile.groups) {
    LLMARCH_UNROLL for (at.part = 0; at.part < Quants::kGroups; ++at.part) {
      typename Dots::Sums sums[kRows][kVectors];
      sum_group<Dots, Quants, kRows, kVectors, kGroup>(tile, at, sums);
      add_group<Dots, kRows, kVectors, kMinima>(tile, at, sums, totals);
      ++at.group;
      at.left += kGroup;
      at.scales += tile.scales_stride;
      if constexpr (kMinima) at.minima += tile.scales_stride;
    }
    at.quants += tile.quants_stride;
  }
  store_totals<Dots, kRows, kVectors>(tile, column, totals);
}

// Few rows have registers for the sums of all columns, so that weights are read in the order in
// which they lie.
template <class Dots, class Quants, int kRows, bool kMinima, std::size_t kGroup>
void multiply_strips(const QuantisedTile& tile) {
  constexpr int kVectors = kRows <= Dots::kFewRows ? Dots::kMostVectors : Dots::kVectors;
  constexpr std::size_t kStrip = kVectors * Dots::Lanes::kWidth;
  for (std::size_t column = 0; column < kColumns; column += kStrip) {
    multiply_groups<Dots, Quants, kRows, kVectors, kMinima, kGroup>(tile, column);
  }
}

template <class Dots, bool kMinima, std::size_t kGroup>
void multiply_rows_of(const QuantisedTile& tile) {
  // A tile has at most Dots::kRows rows; loops over more are not compiled for it.
  constexpr int kFiveAtMost = Dots::kRows < 5 ? 4 : 5;
  constexpr int kSixAtMost = Dots::kRows < 6 ? 4 : 6;
  switch (tile.rows) {
    case 1: return multiply_strips<Dots, ByteQuants, 1, kMinima, kGroup>(tile);
    case 2: return multiply_strips<Dots, ByteQuants, 2, kMinima, kGroup>(tile);
    case 3: return multiply_strips<Dots, ByteQuants, 3, kMinima, kGroup>(tile);
    case 4: return multiply_strips<Dots, ByteQuants, 4, kMinima, kGroup>(tile);
    case 5: return multiply_strips<Dots, ByteQuants, kFiveAtMost, kMinima, kGroup>(tile);
    default: return multiply_strips<Dots, ByteQuants, kSixAtMost, kMinima, kGroup>(tile);
  }
}

template <class Dots, std::size_t kGroup>
void multiply_bytes_of(const QuantisedTile& tile) {
  tile.minima == nullptr ? multiply_rows_of<Dots, false, kGroup>(tile)
                         : multiply_rows_of<Dots, true, kGroup>(tile);
}

// One row, whose packed quants are taken apart in registers. With more rows that work is better
// shared by them: a piece is unpacked once.
template <class Dots, class Quants, bool kMinima, std::size_t kGroup = 32>
void multiply_packed(const QuantisedTile& tile) {
  multiply_strips<Dots, Quants, 1, kMinima, kGroup>(tile);
}

template <class Dots, class Quants>
void multiply_halves(const QuantisedTile& tile) {
  tile.minima == nullptr ? multiply_packed<Dots, Quants, false>(tile)
                         : multiply_packed<Dots, Quants, true>(tile);
}

template <class Dots>
void multiply_quantised(const QuantisedTile& tile) {
  switch (tile.packing) {
    case Packing::bytes:
      return tile.group == 32 ? multiply_bytes_of<Dots, 32>(tile)
                              : multiply_bytes_of<Dots, 16>(tile);
    case Packing::halves: return multiply_halves<Dots, HalfQuants>(tile);
    case Packing::fifths: return multiply_halves<Dots, FifthQuants>(tile);
    case Packing::halves_of_iq4:
      return multiply_packed<Dots, CodedQuants<kNumbersOfIq4>, false>(tile);
    case Packing::halves_of_fp4:
      return multiply_packed<Dots, CodedQuants<kNumbersOfFp4>, false>(tile);
    case Packing::q4_k: return multiply_packed<Dots, Q4KQuants, true>(tile);
    case Packing::q2_k: return multiply_packed<Dots, Q2KQuants, true, 16>(tile);
    case Packing::q3_k: return multiply_packed<Dots, Q3KQuants, false, 16>(tile);
    case Packing::q5_k: return multiply_packed<Dots, Q5KQuants, true>(tile);
    case Packing::q6_k: return multiply_packed<Dots, Q6KQuants, false, 16>(tile);
  }
}

template <class Dots>
constexpr QuantisedKernels quantised_kernels() {
  using L = typename Dots::Lanes;
  return {Dots::kRows, convert_to_bytes<L>, unpack<L>, scales_of_block<L>,
          multiply_quantised<Dots>};
}

}  // namespace llmarch::fast::simd
