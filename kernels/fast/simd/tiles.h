// Matrix products on registers: templates over the lanes of an instruction set and over how an
// operand is stored. A tile keeps rows x columns sums in registers while it passes once along the
// inner dimension; a step broadcasts each row's element (or pair) and multiplies it with those of
// the columns.
#pragma once

#include <cstddef>

#include "kernels/fast/simd/kernels.h"

#if defined(__clang__)
#define LLMARCH_UNROLL _Pragma("unroll")
#else
#define LLMARCH_UNROLL _Pragma("GCC unroll 32")
#endif

namespace llmarch::fast::simd {

template <class L>
struct F32Operands {
  using Lanes = L;
  using Right = typename L::F;
  static constexpr std::size_t kLeftBytes = 4;
  static constexpr int kParts = 1;
  static typename L::F left(const std::byte* p, int /*part*/) {
    return L::all(*reinterpret_cast<const float*>(p));
  }
  static Right right(const std::byte* p, int /*part*/) {
    return L::load(reinterpret_cast<const float*>(p));
  }
  static typename L::F multiply_add(typename L::F a, Right b, typename L::F sum) {
    return L::multiply_add(a, b, sum);
  }
  static typename L::F element(const std::byte* panel, std::size_t input, std::size_t lane) {
    return L::load(reinterpret_cast<const float*>(panel + input * 256) + lane);
  }
  static typename L::F rounded(typename L::F x) { return x; }
  static void keep(std::byte* left, std::size_t i, typename L::F x) {
    L::store(reinterpret_cast<float*>(left) + i, x);
  }
};

// bf16 on CPUs without instructions for it: pairs are widened to floats; left operands are floats
// that were rounded to bf16.
template <class L>
struct WidenedOperands {
  using Lanes = L;
  using Right = typename L::F;
  static constexpr std::size_t kLeftBytes = 8;
  static constexpr int kParts = 2;
  static typename L::F left(const std::byte* p, int part) {
    return L::all(reinterpret_cast<const float*>(p)[part]);
  }
  static Right right(const std::byte* p, int part) { return L::widen(p, part); }
  static typename L::F multiply_add(typename L::F a, Right b, typename L::F sum) {
    return L::multiply_add(a, b, sum);
  }
  static typename L::F element(const std::byte* panel, std::size_t input, std::size_t lane) {
    return L::widen(panel + input / 2 * 256 + lane * 4, static_cast<int>(input % 2));
  }
  static typename L::F rounded(typename L::F x) { return L::rounded_to_bf16(x); }
  static void keep(std::byte* left, std::size_t i, typename L::F x) {
    L::store(reinterpret_cast<float*>(left) + i, rounded(x));
  }
};

// The sums of a tile, held in registers. Always inlined, so that they stay there.
template <class L, int kRows, int kVectors>
[[gnu::always_inline]] inline void load_sums(const Tile& tile,
                                             typename L::F (&sums)[kRows][kVectors]) {
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = tile.onto == nullptr
                       ? L::zero()
                       : L::load(tile.onto + static_cast<std::size_t>(r) * tile.onto_stride +
                                 static_cast<std::size_t>(v) * L::kWidth);
    }
  }
}

template <class L, int kRows, int kVectors>
[[gnu::always_inline]] inline void store_sums(const Tile& tile,
                                              const typename L::F (&sums)[kRows][kVectors]) {
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
      L::store(tile.out + static_cast<std::size_t>(r) * tile.out_stride +
                   static_cast<std::size_t>(v) * L::kWidth,
               sums[r][v]);
    }
  }
}

// One stream is in the caches; two or four come from memory and are read in turn.
template <class Operands, int kRows, int kVectors, int kStreams>
// In one piece, so that sums stay in registers.
// NOLINTNEXTLINE(readability-function-cognitive-complexity)
void run_tile(const Tile& tile) {
  using Lanes = typename Operands::Lanes;
  typename Lanes::F sums[kRows][kVectors];
  load_sums<Lanes, kRows, kVectors>(tile, sums);
  [[maybe_unused]] const std::byte* ahead = tile.ahead;
  [[maybe_unused]] const std::byte* far = tile.far;
  const std::size_t left_stride = tile.left_stride;
  const std::size_t right_stride = tile.right_stride;
  // Rows from the fourth on have a pointer of their own: with the offsets of all rows in registers
  // there are none left for the strides, which then wait in vector registers (7 % of a product).
  const auto multiply = [&](const std::byte* left, const std::byte* fourth,
                            const std::byte* right) {
    LLMARCH_UNROLL for (int part = 0; part < Operands::kParts; ++part) {
      typename Operands::Right columns[kVectors];
      LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
        columns[v] = Operands::right(right + static_cast<std::size_t>(v) * Lanes::kWidth * 4, part);
      }
      LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
        const std::byte* const at = r < 3 ? left + static_cast<std::size_t>(r) * left_stride
                                          : fourth + static_cast<std::size_t>(r - 3) * left_stride;
        const auto row = Operands::left(at, part);
        LLMARCH_UNROLL for (int v = 0; v < kVectors; ++v) {
          sums[r][v] = Operands::multiply_add(row, columns[v], sums[r][v]);
        }
      }
    }
  };
  if constexpr (kStreams > 1) {
    const std::byte* first = tile.left;
    const std::byte* const end = first + tile.steps * Operands::kLeftBytes;
    std::size_t at = 0;  // of each stream
    while (first != end) {
      const std::byte* left = first;
      LLMARCH_UNROLL for (int stream = 0; stream < kStreams; ++stream) {
        multiply(left, left + 3 * left_stride, tile.streams[stream] + at);
        left += tile.left_gap;
      }
      first += Operands::kLeftBytes;
      at += right_stride;
    }
  } else {
    const std::byte* left = tile.left;
    const std::byte* fourth = left + 3 * left_stride;
    const std::byte* right = tile.right;
    const std::byte* const end = left + tile.steps * Operands::kLeftBytes;
    while (left != end) {
      Lanes::prefetch(ahead);
      Lanes::prefetch_far(far);
      Lanes::prefetch_far(far + 64);
      ahead += tile.ahead_stride;
      far += tile.far_stride;
      multiply(left, fourth, right);
      left += Operands::kLeftBytes;
      fourth += Operands::kLeftBytes;
      right += right_stride;
    }
  }
  store_sums<Lanes, kRows, kVectors>(tile, sums);
}

template <class Operands, int kVectors, int kStreams>
void run_rows(const Tile& tile) {
  switch (tile.rows) {
    case 1: return run_tile<Operands, 1, kVectors, kStreams>(tile);
    case 2: return run_tile<Operands, 2, kVectors, kStreams>(tile);
    case 3: return run_tile<Operands, 3, kVectors, kStreams>(tile);
    case 4: return run_tile<Operands, 4, kVectors, kStreams>(tile);
    case 5: return run_tile<Operands, 5, kVectors, kStreams>(tile);
    default: return run_tile<Operands, 6, kVectors, kStreams>(tile);
  }
}

inline constexpr std::size_t kTileRows = 6;

// Thirty-two registers: 6 x 64 sums take 24 of them.
template <class Operands>
void multiply_wide(const Tile& tile) {
  switch (tile.columns / 16) {
    case 1: return run_rows<Operands, 1, 1>(tile);
    case 2: return run_rows<Operands, 2, 1>(tile);
    case 3: return run_rows<Operands, 3, 1>(tile);
    default: return run_rows<Operands, 4, 1>(tile);
  }
}

// Multiplies rows with several streams at once, each with some of its 64 columns.
template <class Operands, int kRows, int kVectors, int kStreams>
void run_parted(const Tile& tile, std::size_t column) {
  using Lanes = typename Operands::Lanes;
  constexpr std::size_t kVector = Lanes::kWidth * 4;
  typename Lanes::F sums[kRows][kStreams * kVectors];
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kStreams * kVectors; ++v) sums[r][v] = Lanes::zero();
  }
  const std::byte* left = tile.left;
  for (std::size_t step = 0; step < tile.steps; ++step) {
    LLMARCH_UNROLL for (int part = 0; part < Operands::kParts; ++part) {
      LLMARCH_UNROLL for (int v = 0; v < kStreams * kVectors; ++v) {
        const std::byte* const at = tile.streams[v / kVectors] + step * 256 + column * 4;
        const auto weights =
            Operands::right(at + static_cast<std::size_t>(v % kVectors) * kVector, part);
        LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
          const auto row =
              Operands::left(left + static_cast<std::size_t>(r) * tile.left_stride, part);
          sums[r][v] = Operands::multiply_add(row, weights, sums[r][v]);
        }
      }
    }
    left += Operands::kLeftBytes;
  }
  LLMARCH_UNROLL for (int r = 0; r < kRows; ++r) {
    LLMARCH_UNROLL for (int v = 0; v < kStreams * kVectors; ++v) {
      const int stream = v / kVectors;
      Lanes::store(tile.outs[stream] + static_cast<std::size_t>(r) * tile.out_strides[stream] +
                       column + static_cast<std::size_t>(v % kVectors) * Lanes::kWidth,
                   sums[r][v]);
    }
  }
}

template <class Operands>
void join_streams_wide(const Tile& tile) {
  if (tile.stream_count == 2) return run_rows<Operands, 4, 2>(tile);
  run_rows<Operands, 4, 4>(tile);
}

// Eight sums to 24.
template <class Operands>
void part_streams_wide(const Tile& tile) {
  switch (tile.rows) {
    case 1:
      return tile.stream_count == 4 ? run_parted<Operands, 1, 4, 4>(tile, 0)
                                    : run_parted<Operands, 1, 4, 2>(tile, 0);
    case 2: return run_parted<Operands, 2, 4, 2>(tile, 0);
    default: return run_parted<Operands, 3, 4, 2>(tile, 0);
  }
}

// Sixteen registers: 6 x 16 sums take 12, so the columns of a step are done in strips of 16.
template <class Operands>
void multiply_narrow(const Tile& tile) {
  Tile strip = tile;
  for (std::size_t column = 0; column < tile.columns; column += 16) {
    strip.right = tile.right + column * 4;
    strip.onto = tile.onto == nullptr ? nullptr : tile.onto + column;
    strip.out = tile.out + column;
    run_rows<Operands, 2, 1>(strip);
  }
}

template <class Operands>
void join_streams_narrow(const Tile& tile) {
  Tile strip = tile;
  for (std::size_t column = 0; column < 64; column += 16) {
    for (std::size_t i = 0; i < tile.stream_count; ++i)
      strip.streams[i] = tile.streams[i] + column * 4;
    strip.onto = tile.onto == nullptr ? nullptr : tile.onto + column;
    strip.out = tile.out + column;
    if (tile.stream_count == 2) {
      run_rows<Operands, 2, 2>(strip);
    } else {
      run_rows<Operands, 2, 4>(strip);
    }
  }
}

template <class Operands>
void part_streams_narrow(const Tile& tile) {
  for (std::size_t column = 0; column < 64; column += 16) {
    if (tile.stream_count == 4) {
      run_parted<Operands, 1, 2, 4>(tile, column);
    } else {
      run_parted<Operands, 1, 2, 2>(tile, column);
    }
  }
}

template <class Operands>
void multiply_transposed(const float* left, std::size_t panels, const std::byte* right,
                         std::size_t panel_bytes, float* out) {
  using Lanes = typename Operands::Lanes;
  typename Lanes::F sums[16];
  LLMARCH_UNROLL for (auto& sum : sums) sum = Lanes::zero();
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const std::byte* const block = right + panel * panel_bytes;
    for (std::size_t lane = 0; lane < 64; lane += Lanes::kWidth) {
      const typename Lanes::F row = Lanes::load(left + panel * 64 + lane);
      LLMARCH_UNROLL for (std::size_t i = 0; i < 16; ++i) {
        Lanes::prefetch(block + 4096 + i * 256 + lane * 4);
        sums[i] = Lanes::multiply_add(row, Operands::element(block, i, lane), sums[i]);
      }
    }
  }
  LLMARCH_UNROLL for (int i = 0; i < 16; ++i) out[i] = Lanes::sum(sums[i]);
}

// The left operand of a row of floats, where left operands are floats too.
template <class Operands>
void convert_to_floats(const float* in, std::size_t columns, std::size_t steps, std::byte* left) {
  using Lanes = typename Operands::Lanes;
  auto* const out = reinterpret_cast<float*>(left);
  const std::size_t all = steps * static_cast<std::size_t>(Operands::kParts);
  std::size_t i = 0;
  for (; i + Lanes::kWidth <= columns; i += Lanes::kWidth) {
    Lanes::store(out + i, Operands::rounded(Lanes::load(in + i)));
  }
  if (i < columns) {
    Lanes::store_first(out + i, Operands::rounded(Lanes::load_first(in + i, columns - i)),
                       columns - i);
  }
  for (i = columns; i < all; ++i) out[i] = 0;
}

// Plain loops, since blocks are not transposed often.
template <class Tag>
void turn_f32(const std::byte* keys, std::size_t width, std::byte* values) {
  const auto* const in = reinterpret_cast<const float*>(keys);
  auto* const out = reinterpret_cast<float*>(values);
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t panel = i / 64 * 64;
    const std::size_t panel_width = width - panel < 64 ? width - panel : 64;
    for (std::size_t p = 0; p < 64; ++p) {
      out[panel * 64 + p * panel_width + i - panel] = in[i * 64 + p];
    }
  }
}

template <class Tag>
void turn_bf16(const std::byte* keys, std::size_t width, std::byte* values) {
  const auto* const in = reinterpret_cast<const std::uint16_t*>(keys);
  auto* const out = reinterpret_cast<std::uint16_t*>(values);
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t panel = i / 64 * 64;
    const std::size_t panel_width = width - panel < 64 ? width - panel : 64;
    for (std::size_t p = 0; p < 64; ++p) {
      out[panel * 64 + p / 2 * panel_width * 2 + (i - panel) * 2 + p % 2] =
          in[i / 2 * 128 + p * 2 + i % 2];
    }
  }
}

}  // namespace llmarch::fast::simd
