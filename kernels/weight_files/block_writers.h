// How rows of floats become the blocks of ggml's types: what is shared by quantise.cc, which has
// the blocks of 32 elements, and quantise_k.cc, which has those of 256.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/weight_files/block_readers.h"
#include "kernels/weight_files/float_formats.h"

namespace llmarch {

using FloatRow = std::span<const float>;
using StoredBytes = std::vector<std::byte>;

inline void append(StoredBytes& to, unsigned byte) {
  to.push_back(static_cast<std::byte>(byte & 0xffU));
}

inline void append_word(StoredBytes& to, std::uint16_t word) {
  append(to, word);
  append(to, word >> 8U);
}

// Appends the scale in f16, and returns what it was rounded to.
inline float append_f16(StoredBytes& to, float scale) {
  const std::uint16_t half = float_to_f16(scale);
  append_word(to, half);
  return f16_to_float(half);
}

inline float largest_magnitude(FloatRow row) {
  float largest = 0;
  for (const float x : row) largest = std::max(largest, std::abs(x));
  return largest;
}

// x / scale to the nearest whole number from `least` to `most`; 0 where there is no scale.
inline int quant_of(float x, float scale, int least, int most) {
  if (scale == 0) return 0;
  const float nearest = std::nearbyint(x / scale);
  return static_cast<int>(std::clamp(nearest, static_cast<float>(least), static_cast<float>(most)));
}

// The element of the largest magnitude, with its sign.
inline float extreme_of(FloatRow row) {
  return *std::ranges::max_element(row, {}, [](float x) { return std::abs(x); });
}

// Which of the sixteen numbers of iq4_nl is nearest to x / scale; that of 1 where there is no
// scale.
inline unsigned non_linear_code(float x, float scale) {
  const float wanted = scale == 0 ? 0 : x / scale;
  const auto distance = [&](int number) { return std::abs(wanted - static_cast<float>(number)); };
  const auto* const nearest = std::ranges::min_element(kNonLinear, {}, distance);
  return static_cast<unsigned>(nearest - std::begin(kNonLinear));
}

// Two elements of 16 apart in a byte.
template <class Code>
void append_halves(FloatRow row, StoredBytes& to, const Code& code) {
  for (std::size_t i = 0; i < 16; ++i) append(to, code(row[i]) | code(row[i + 16]) << 4U);
}

void write_q2_k(FloatRow row, StoredBytes& to);
void write_q3_k(FloatRow row, StoredBytes& to);
void write_q4_k(FloatRow row, StoredBytes& to);
void write_q5_k(FloatRow row, StoredBytes& to);
void write_q6_k(FloatRow row, StoredBytes& to);
void write_iq4_xs(FloatRow row, StoredBytes& to);

}  // namespace llmarch
