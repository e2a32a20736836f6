#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "kernels/weight_files/blocks.h"
#include "kernels/weight_files/float_formats.h"

namespace llmarch {
namespace {

using Row = std::span<const float>;
using Bytes = std::vector<std::byte>;

void append(Bytes& to, unsigned byte) {
  to.push_back(static_cast<std::byte>(byte & 0xffU));
}

void append_word(Bytes& to, std::uint16_t word) {
  append(to, word);
  append(to, word >> 8U);
}

// Appends the scale in f16, and returns what it was rounded to.
float append_f16(Bytes& to, float scale) {
  const std::uint16_t half = float_to_f16(scale);
  append_word(to, half);
  return f16_to_float(half);
}

float largest_magnitude(Row row) {
  float largest = 0;
  for (const float x : row) largest = std::max(largest, std::abs(x));
  return largest;
}

// x / scale to the nearest whole number from `least` to `most`; 0 where there is no scale.
int quant_of(float x, float scale, int least, int most) {
  if (scale == 0) return 0;
  const float nearest = std::nearbyint(x / scale);
  return static_cast<int>(std::clamp(nearest, static_cast<float>(least), static_cast<float>(most)));
}

void write_q8_0(Row row, Bytes& to) {
  const float scale = append_f16(to, largest_magnitude(row) / 127);
  for (const float x : row) append(to, static_cast<unsigned>(quant_of(x, scale, -127, 127)));
}

// Two elements of 16 apart in a byte.
template <class Code>
void append_halves(Row row, Bytes& to, const Code& code) {
  for (std::size_t i = 0; i < 16; ++i) append(to, code(row[i]) | code(row[i + 16]) << 4U);
}

// The element of the largest magnitude becomes -8, of which there is no opposite.
void write_q4_0(Row row, Bytes& to) {
  const float extreme = *std::ranges::max_element(row, {}, [](float x) { return std::abs(x); });
  const float scale = append_f16(to, extreme / -8);
  append_halves(row, to,
                [&](float x) { return static_cast<unsigned>(quant_of(x, scale, -8, 7) + 8); });
}

unsigned fp4_code(float x) {
  constexpr std::array<float, 8> kMagnitudes{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
  const auto distance = [&](float magnitude) { return std::abs(std::abs(x) - magnitude); };
  const auto* const nearest = std::ranges::min_element(kMagnitudes, {}, distance);
  const auto code = static_cast<unsigned>(nearest - kMagnitudes.begin());
  return x < 0 ? code | 8U : code;
}

// OCP Microscaling Formats 1.0, 6.3: the exponent of the largest element, less that of the largest
// number of the elements' format, which is 2.
void write_mxfp4(Row row, Bytes& to) {
  const float largest = largest_magnitude(row);
  const int exponent = largest == 0 ? -127 : std::clamp(std::ilogb(largest) - 2, -127, 127);
  append(to, static_cast<unsigned>(exponent + 127));
  append_halves(row, to, [&](float x) { return fp4_code(std::ldexp(x, -exponent)); });
}

struct Group {
  float scale, minimum;  // elements are scale * quant - minimum
};

Group group_of(Row row) {
  const auto [least, most] = std::ranges::minmax(row);
  const float below = std::min(least, 0.0F);
  return {(std::max(most, 0.0F) - below) / 15, -below};
}

// The scales and minima of eight groups, 6 bits each, in 12 bytes: see dequantise.cc.
void append_six_bits(const std::array<unsigned, 8>& scales, const std::array<unsigned, 8>& minima,
                     Bytes& to) {
  for (std::size_t i = 0; i < 4; ++i) append(to, scales[i] | scales[i + 4] >> 4U << 6U);
  for (std::size_t i = 0; i < 4; ++i) append(to, minima[i] | minima[i + 4] >> 4U << 6U);
  for (std::size_t i = 4; i < 8; ++i) append(to, (scales[i] & 15U) | (minima[i] & 15U) << 4U);
}

void write_q4_k(Row row, Bytes& to) {
  std::array<Group, 8> groups{};
  float largest_scale = 0;
  float largest_minimum = 0;
  for (std::size_t g = 0; g < 8; ++g) {
    groups[g] = group_of(row.subspan(g * 32, 32));
    largest_scale = std::max(largest_scale, groups[g].scale);
    largest_minimum = std::max(largest_minimum, groups[g].minimum);
  }
  const float d = append_f16(to, largest_scale / 63);
  const float d_minimum = append_f16(to, largest_minimum / 63);
  std::array<unsigned, 8> scales{};
  std::array<unsigned, 8> minima{};
  for (std::size_t g = 0; g < 8; ++g) {
    scales[g] = static_cast<unsigned>(quant_of(groups[g].scale, d, 0, 63));
    minima[g] = static_cast<unsigned>(quant_of(groups[g].minimum, d_minimum, 0, 63));
  }
  append_six_bits(scales, minima, to);
  const auto code = [&](std::size_t element) {
    const std::size_t g = element / 32;
    const float raised = row[element] + d_minimum * static_cast<float>(minima[g]);
    return static_cast<unsigned>(quant_of(raised, d * static_cast<float>(scales[g]), 0, 15));
  };
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t element = i / 32 * 64 + i % 32;
    append(to, code(element) | code(element + 32) << 4U);
  }
}

void write_q6_k(Row row, Bytes& to) {
  std::array<float, 16> scales{};
  for (std::size_t g = 0; g < 16; ++g) scales[g] = largest_magnitude(row.subspan(g * 16, 16)) / 31;
  const std::uint16_t half = float_to_f16(*std::ranges::max_element(scales) / 127);
  const float d = f16_to_float(half);
  std::array<int, 16> factors{};
  for (std::size_t g = 0; g < 16; ++g) factors[g] = quant_of(scales[g], d, 0, 127);
  const auto code = [&](std::size_t element) {
    const float scale = d * static_cast<float>(factors[element / 16]);
    return static_cast<unsigned>(quant_of(row[element], scale, -32, 31) + 32);
  };
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t element = i / 64 * 128 + i % 64;
    append(to, (code(element) & 15U) | (code(element + 64) & 15U) << 4U);
  }
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t element = i / 32 * 128 + i % 32;
    unsigned upper = 0;
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      upper |= code(element + quarter * 32) >> 4U << 2 * quarter;
    }
    append(to, upper);
  }
  for (const int factor : factors) append(to, static_cast<unsigned>(factor));
  append_word(to, half);
}

void write_channel(Row row, Bytes& to) {
  const auto bits = std::bit_cast<std::uint32_t>(largest_magnitude(row) / 127);
  const auto rounded = static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16U & 1U)) >> 16U);
  const float scale = bf16_to_float(rounded);
  for (const float x : row) append(to, static_cast<unsigned>(quant_of(x, scale, -127, 127)));
  append_word(to, rounded);
}

struct BlockWriter {
  std::size_t elements;
  void (*write)(Row block, Bytes& to);
};

BlockWriter writer_of(BlockFormat format, std::size_t columns) {
  switch (format) {
    case BlockFormat::q8_0: return {32, write_q8_0};
    case BlockFormat::q4_0: return {32, write_q4_0};
    case BlockFormat::mxfp4: return {32, write_mxfp4};
    case BlockFormat::q4_k: return {256, write_q4_k};
    case BlockFormat::q6_k: return {256, write_q6_k};
    case BlockFormat::int8_channel: return {columns, write_channel};
  }
  throw std::logic_error("writer_of: a format outside the enumeration");
}

}  // namespace

std::vector<std::byte> quantise(BlockFormat format, std::span<const float> row) {
  const BlockWriter writer = writer_of(format, row.size());
  if (row.size() % writer.elements != 0) {
    throw std::invalid_argument("quantise: a row that is no whole blocks");
  }
  if (!std::ranges::all_of(row, [](float x) { return std::isfinite(x); })) {
    throw std::invalid_argument("quantise: an element that is not finite");
  }
  std::vector<std::byte> stored;
  for (std::size_t i = 0; i < row.size(); i += writer.elements) {
    writer.write(row.subspan(i, writer.elements), stored);
  }
  return stored;
}

}  // namespace llmarch
