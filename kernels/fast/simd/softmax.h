// The softmax of attention over some keys at a time, as a template over the lanes of an instruction
// set. Powers are of two: the exponent is the score times log2(e), minus the largest such exponent,
// so that a power is a polynomial and a shift.
#pragma once

#include <cstddef>

#include "kernels/fast/simd/functions.h"

namespace llmarch::fast::simd {

// 2^x for x of at most 0; a result too small to be a normal number becomes the smallest normal one.
// The polynomial (minimax on [-1/2, 1/2], exact at 0) is within 2.0e-9, so the error is that of
// rounding.
template <class L>
typename L::F power_of_two(typename L::F x) {
  x = L::larger(L::all(-126.0F), x);
  const auto n = L::nearest(x);
  const auto f = x - n;
  auto p = L::all(1.5353361786e-4F);
  p = L::multiply_add(p, f, L::all(1.3398874378e-3F));
  p = L::multiply_add(p, f, L::all(9.6184373574e-3F));
  p = L::multiply_add(p, f, L::all(5.5503324713e-2F));
  p = L::multiply_add(p, f, L::all(2.4022647914e-1F));
  p = L::multiply_add(p, f, L::all(6.9314720285e-1F));
  p = L::multiply_add(p, f, L::all(1.0F));
  return L::times_power_of_two(p, n);
}

// cap tanh(scale score / cap), in place
template <class L>
void scale_and_cap(float* scores, std::size_t keys, float scale, float cap) {
  for (std::size_t i = 0; i < keys; i += L::kWidth) {
    L::store(scores + i, capped<L>(L::load(scores + i) * L::all(scale), cap));
  }
}

// Calls take(i, k) for every vector of a row, where k says to which of four running sums it
// belongs: in a single sum each addition would wait for the one before it.
template <class L, class Take>
void by_fours(std::size_t keys, const Take& take) {
  constexpr std::size_t kWidth = L::kWidth;
  std::size_t i = 0;
  for (; i + 4 * kWidth <= keys; i += 4 * kWidth) {
    take(i, 0);
    take(i + kWidth, 1);
    take(i + 2 * kWidth, 2);
    take(i + 3 * kWidth, 3);
  }
  for (; i < keys; i += kWidth) take(i, 0);
}

// Gives the keys before `first` and from `end` on a score below that of any key.
template <class L>
void hide(float* scores, std::size_t keys, std::size_t first, std::size_t end) {
  constexpr std::size_t kWidth = L::kWidth;
  const auto none = L::all(-1e30F);
  for (std::size_t i = 0; i < first; i += kWidth) {
    const std::size_t hidden = first - i < kWidth ? first - i : kWidth;
    L::store(scores + i, L::first_of(hidden, none, L::load(scores + i)));
  }
  for (std::size_t i = end - end % kWidth; i < keys; i += kWidth) {
    L::store(scores + i, L::first_of(i < end ? end - i : 0, L::load(scores + i), none));
  }
}

// The largest exponent of one row's scores, at least `largest`; a score times `factor` is an
// exponent.
template <class L>
float largest_exponent(const float* scores, std::size_t keys, float factor, float largest) {
  typename L::F most[4];
  LLMARCH_UNROLL for (auto& some : most) some = L::all(largest);
  by_fours<L>(keys, [&](std::size_t i, std::size_t k) {
    most[k] = L::larger(most[k], L::load(scores + i) * L::all(factor));
  });
  return L::largest(L::larger(L::larger(most[0], most[1]), L::larger(most[2], most[3])));
}

// The numerators of one row, and their sum.
template <class Operands>
float take_powers(const float* scores, std::size_t keys, float factor, float largest,
                  std::byte* numerators) {
  using L = typename Operands::Lanes;
  typename L::F totals[4];
  LLMARCH_UNROLL for (auto& total : totals) total = L::zero();
  by_fours<L>(keys, [&](std::size_t i, std::size_t k) {
    const auto exponent = L::multiply_add(L::load(scores + i), L::all(factor), L::all(-largest));
    const auto power = power_of_two<L>(exponent);
    Operands::keep(numerators, i, power);
    totals[k] = totals[k] + power;
  });
  return L::sum((totals[0] + totals[1]) + (totals[2] + totals[3]));
}

// The maxima of all rows first, then all corrections at once, then all powers, so that no row waits
// for another.
template <class Operands>
void softmax(const SoftmaxTile& tile) {
  using L = typename Operands::Lanes;
  constexpr float kLog2OfE = 1.44269504F;
  const float factor = tile.cap != 0 ? kLog2OfE : tile.scale * kLog2OfE;
  for (std::size_t row = 0; row < tile.rows; ++row) {
    tile.corrections[row] = 0;
    if (tile.last[row] < tile.first[row]) continue;
    float* const scores = tile.scores + row * tile.keys;
    if (tile.cap != 0) scale_and_cap<L>(scores, tile.keys, tile.scale, tile.cap);
    hide<L>(scores, tile.keys, static_cast<std::size_t>(tile.first[row]),
            static_cast<std::size_t>(tile.last[row]) + 1);
    const float before = tile.largest[row];
    tile.largest[row] = largest_exponent<L>(scores, tile.keys, factor * tile.growths[row], before);
    tile.corrections[row] = before - tile.largest[row];
  }
  over<L>(tile.rows, [&](const auto& load, const auto& store) {
    store(tile.corrections, power_of_two<L>(load(tile.corrections)));
  });
  for (std::size_t row = 0; row < tile.rows; ++row) {
    const float* const scores = tile.scores + row * tile.keys;
    std::byte* const numerators = tile.numerators + row * tile.numerators_stride;
    if (tile.last[row] < tile.first[row]) {
      for (std::size_t i = 0; i < tile.keys; i += L::kWidth) {
        Operands::keep(numerators, i, L::zero());
      }
      continue;
    }
    tile.sums[row] = tile.sums[row] * tile.corrections[row] +
                     take_powers<Operands>(scores, tile.keys, factor * tile.growths[row],
                                           tile.largest[row], numerators);
  }
}

}  // namespace llmarch::fast::simd
