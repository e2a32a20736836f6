// The loops for any CPU: matrix products are Eigen's, the rest is plain code.
#include <Eigen/Core>
#include <cstring>
#include <vector>

#include "kernels/fast/simd/functions.h"
#include "kernels/fast/simd/lanes_portable.h"
#include "kernels/fast/simd/limits.h"
#include "kernels/fast/simd/narrow.h"
#include "kernels/fast/simd/quantised.h"
#include "kernels/fast/simd/softmax.h"

namespace llmarch::fast::simd {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Strided = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
using ConstStrided = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

constexpr std::size_t kRows = 16;

Eigen::Index index(std::size_t value) {
  return static_cast<Eigen::Index>(value);
}

// `stride`: floats from row to row of the right operand.
void multiply_floats(const Tile& tile, const float* right, std::size_t inner, std::size_t stride) {
  const ConstStrided left(reinterpret_cast<const float*>(tile.left), index(tile.rows), index(inner),
                          Eigen::OuterStride<>(index(tile.left_stride / 4)));
  const ConstStrided weights(right, index(inner), index(tile.columns),
                             Eigen::OuterStride<>(index(stride)));
  const Matrix product = left * weights;
  Strided out(tile.out, index(tile.rows), index(tile.columns),
              Eigen::OuterStride<>(index(tile.out_stride)));
  if (tile.onto == nullptr) {
    out = product;
  } else {
    out = ConstStrided(tile.onto, index(tile.rows), index(tile.columns),
                       Eigen::OuterStride<>(index(tile.onto_stride))) +
          product;
  }
}

void multiply_f32(const Tile& tile) {
  multiply_floats(tile, reinterpret_cast<const float*>(tile.right), tile.steps,
                  tile.right_stride / 4);
}

// Separates the pairs into a piece of a float matrix first.
void multiply_bf16(const Tile& tile) {
  const auto* const pairs = reinterpret_cast<const std::uint16_t*>(tile.right);
  std::vector<float> weights(2 * tile.steps * tile.columns);
  for (std::size_t step = 0; step < tile.steps; ++step) {
    for (std::size_t column = 0; column < tile.columns; ++column) {
      for (std::size_t half = 0; half < 2; ++half) {
        weights[(2 * step + half) * tile.columns + column] =
            from_bf16(pairs[step * tile.right_stride / 2 + column * 2 + half]);
      }
    }
  }
  multiply_floats(tile, weights.data(), 2 * tile.steps, tile.columns);
}

// The operands that the other templates need.
struct F32 : F32Operands<PortableLanes> {};

struct Bf16 {
  using Lanes = PortableLanes;
  static constexpr std::size_t kLeftBytes = 8;
  static constexpr int kParts = 2;
  static float rounded(float x) { return PortableLanes::rounded_to_bf16(x); }
  static void keep(std::byte* left, std::size_t i, float x) {
    reinterpret_cast<float*>(left)[i] = rounded(x);
  }
  static float element(const std::byte* panel, std::size_t input, std::size_t lane) {
    const auto* const pairs = reinterpret_cast<const std::uint16_t*>(panel);
    return from_bf16(pairs[input / 2 * 128 + lane * 2 + input % 2]);
  }
};

template <void (*Multiply)(const Tile&)>
void join_streams(const Tile& tile) {
  Tile one = tile;
  for (std::size_t i = 0; i < tile.stream_count; ++i) {
    one.left = tile.left + i * tile.left_gap;
    one.right = tile.streams[i];
    one.onto = i == 0 ? tile.onto : tile.out;
    one.onto_stride = i == 0 ? tile.onto_stride : tile.out_stride;
    Multiply(one);
  }
}

template <class Operands>
constexpr ProductKernels products(void (*multiply)(const Tile&), void (*join_streams)(const Tile&),
                                  decltype(ProductKernels::turn) turn) {
  return {kRows,
          Operands::kLeftBytes,
          convert_to_floats<Operands>,
          multiply,
          join_streams,
          0,
          {},
          nullptr,
          multiply_transposed<Operands>,
          softmax<Operands>,
          turn};
}

// One output at a time: four bytes with four bytes.
struct ByteDots {
  using Lanes = PortableLanes;
  using Sums = int;
  static constexpr int kVectors = 1;
  static constexpr int kFewRows = 0;
  static constexpr int kMostVectors = 1;
  static constexpr std::size_t kRows = 4;
  static Sums all(int x) { return x; }
  // Four quants, the first in the lowest byte.
  static std::uint32_t load(const std::byte* p) {
    std::uint32_t four = 0;
    std::memcpy(&four, p, sizeof four);
    return four;
  }
  static std::uint32_t bits(std::uint32_t quants, int shift, std::uint32_t mask) {
    return quants >> shift & mask * kOneBit;
  }
  static std::uint32_t join(std::uint32_t lower, std::uint32_t upper, int shift) {
    return lower | upper << shift;
  }
  static std::uint32_t number(const std::uint8_t (&numbers)[16], std::uint32_t codes) {
    std::uint32_t four = 0;
    for (std::uint32_t shift = 0; shift < 32; shift += 8) {
      four |= std::uint32_t{numbers[codes >> shift & 15U]} << shift;
    }
    return four;
  }
  static const std::int8_t* left(const std::byte* p) {
    return reinterpret_cast<const std::int8_t*>(p);
  }
  static Sums add(Sums sum, std::uint32_t right, const std::int8_t* left) {
    for (std::uint32_t i = 0; i < 4; ++i) {
      sum += static_cast<int>(right >> 8 * i & 255U) * left[i];
    }
    return sum;
  }
  static float floats(Sums sum) { return static_cast<float>(sum); }
};

// Portable code is fastest in Eigen's product of two blocks that stay in the first-level cache.
double multiply_blocks(std::size_t rounds, std::size_t /*variant*/) {
  constexpr Eigen::Index kSize = 48;
  Matrix left = Matrix::Ones(kSize, kSize);
  const Matrix right = Matrix::Ones(kSize, kSize);
  Matrix out = Matrix::Zero(kSize, kSize);
  const std::size_t products = rounds / 1024 + 1;
  for (std::size_t i = 0; i < products; ++i) {
    out.noalias() = left * right;
    left(0, 0) = out(0, 0);
  }
  return static_cast<double>(products) * 2 * kSize * kSize * kSize;
}

double multiply_bytes(std::size_t rounds, std::size_t /*variant*/) {
  constexpr std::size_t kSize = 4096;
  std::vector<signed char> left(kSize, 1);
  const std::vector<signed char> right(kSize, 1);
  const std::size_t products = rounds / 1024 + 1;
  for (std::size_t i = 0; i < products; ++i) {
    int sum = 0;
    for (std::size_t k = 0; k < kSize; ++k) sum += left[k] * right[k];
    left[0] = static_cast<signed char>(sum & 1);
  }
  return static_cast<double>(products) * 2 * kSize;
}

}  // namespace

const Kernels kPortable{
    products<F32>(multiply_f32, join_streams<multiply_f32>, turn_f32<PortableLanes>),
    products<Bf16>(multiply_bf16, join_streams<multiply_bf16>, turn_bf16<PortableLanes>),
    quantised_kernels<ByteDots>(),
    narrow_kernels<PortableLanes>(),
    row_kernels<PortableLanes>(),
    {read<PortableLanes>, multiply_blocks, multiply_blocks, multiply_bytes}};

}  // namespace llmarch::fast::simd
