// The loops with which the probe finds out how fast registers and memory are, as templates.
#pragma once

#include <cstddef>

#include "kernels/fast/simd/tiles.h"

namespace llmarch::fast::simd {

template <class L, std::size_t kStreams>
float read_streams(const std::byte* data, std::size_t bytes, std::size_t ahead) {
  typename L::F sums[kStreams * 4];
  LLMARCH_UNROLL for (std::size_t i = 0; i < kStreams * 4; ++i) sums[i] = L::zero();
  constexpr std::size_t kVector = L::kWidth * 4;
  const std::size_t each = bytes / kStreams;
  for (std::size_t at = 0; at + 4 * kVector <= each; at += 4 * kVector) {
    LLMARCH_UNROLL for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const std::byte* const p = data + stream * each + at;
      if (ahead > 0) {
        LLMARCH_UNROLL for (std::size_t line = 0; line < 4 * kVector; line += 64) {
          L::prefetch(p + ahead + line);
        }
      }
      LLMARCH_UNROLL for (std::size_t i = 0; i < 4; ++i) {
        const auto x = L::load(reinterpret_cast<const float*>(p + i * kVector));
        sums[stream * 4 + i] = sums[stream * 4 + i] + x;
      }
    }
  }
  float total = 0;
  LLMARCH_UNROLL for (std::size_t i = 0; i < kStreams * 4; ++i) total += L::sum(sums[i]);
  return total;
}

template <class L>
float read(const std::byte* data, std::size_t bytes, std::size_t streams, std::size_t ahead) {
  switch (streams) {
    case 1: return read_streams<L, 1>(data, bytes, ahead);
    case 2: return read_streams<L, 2>(data, bytes, ahead);
    case 4: return read_streams<L, 4>(data, bytes, ahead);
    default: return read_streams<L, 8>(data, bytes, ahead);
  }
}

// `Unit` has a type of register, its initial values, how two operands are multiplied and added to a
// sum, and how many operations that is. Sums and operands pass through empty pieces of assembly, so
// that the compiler merges neither equal sums nor rounds, nor the products of several sums where an
// instruction set multiplies and adds apart.
template <class Unit, int kSums>
double multiply_sums(std::size_t rounds) {
  typename Unit::Sum sums[kSums];
  LLMARCH_UNROLL for (int i = 0; i < kSums; ++i) {
    sums[i] = Unit::start();
    asm volatile("" : "+v"(sums[i]));
  }
  auto left = Unit::operand();
  auto right = Unit::operand();
  for (std::size_t round = 0; round < rounds; ++round) {
    asm volatile("" : "+v"(right));
    LLMARCH_UNROLL for (int i = 0; i < kSums; ++i) {
      asm volatile("" : "+v"(left));
      sums[i] = Unit::multiply_add(left, right, sums[i]);
    }
  }
  LLMARCH_UNROLL for (int i = 0; i < kSums; ++i) {
    asm volatile("" : : "v"(sums[i]));
  }
  return static_cast<double>(rounds) * kSums * Unit::kOperations;
}

template <class Unit, int kFew, int kSome, int kMany>
double multiply_registers(std::size_t rounds, std::size_t variant) {
  switch (variant) {
    case 0: return multiply_sums<Unit, kFew>(rounds);
    case 1: return multiply_sums<Unit, kSome>(rounds);
    default: return multiply_sums<Unit, kMany>(rounds);
  }
}

template <class L>
struct FloatUnit {
  using Sum = typename L::F;
  static constexpr double kOperations = 2.0 * L::kWidth;
  static Sum start() { return L::zero(); }
  static typename L::F operand() { return L::all(1.0F); }
  static Sum multiply_add(typename L::F a, typename L::F b, Sum sum) {
    return L::multiply_add(a, b, sum);
  }
};

}  // namespace llmarch::fast::simd
