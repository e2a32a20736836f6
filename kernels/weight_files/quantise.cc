#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "kernels/weight_files/block_writers.h"
#include "kernels/weight_files/blocks.h"

namespace llmarch {
namespace {

void write_q8_0(FloatRow row, StoredBytes& to) {
  const float scale = append_f16(to, largest_magnitude(row) / 127);
  for (const float x : row) append(to, static_cast<unsigned>(quant_of(x, scale, -127, 127)));
}

// The element of the largest magnitude becomes -8, of which there is no opposite.
void write_q4_0(FloatRow row, StoredBytes& to) {
  const float scale = append_f16(to, extreme_of(row) / -8);
  append_halves(row, to,
                [&](float x) { return static_cast<unsigned>(quant_of(x, scale, -8, 7) + 8); });
}

// The least element becomes 0 and the largest `most`. Returns the codes.
std::array<unsigned, 32> append_range(FloatRow row, int most, StoredBytes& to) {
  const auto [least, largest] = std::ranges::minmax(row);
  const float scale = append_f16(to, (largest - least) / static_cast<float>(most));
  const float minimum = append_f16(to, least);
  std::array<unsigned, 32> codes{};
  for (std::size_t i = 0; i < 32; ++i) {
    codes[i] = static_cast<unsigned>(quant_of(row[i] - minimum, scale, 0, most));
  }
  return codes;
}

void append_codes(const std::array<unsigned, 32>& codes, StoredBytes& to) {
  for (std::size_t i = 0; i < 16; ++i) append(to, (codes[i] & 15U) | (codes[i + 16] & 15U) << 4U);
}

// The fifth bits of 32 codes, and then their halves.
void append_five_bits(const std::array<unsigned, 32>& codes, StoredBytes& to) {
  for (std::size_t byte = 0; byte < 4; ++byte) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 8; ++i) bits |= codes[byte * 8 + i] >> 4U << i;
    append(to, bits);
  }
  append_codes(codes, to);
}

void write_q4_1(FloatRow row, StoredBytes& to) {
  append_codes(append_range(row, 15, to), to);
}

void write_q5_0(FloatRow row, StoredBytes& to) {
  const float scale = append_f16(to, extreme_of(row) / -16);
  std::array<unsigned, 32> codes{};
  for (std::size_t i = 0; i < 32; ++i) {
    codes[i] = static_cast<unsigned>(quant_of(row[i], scale, -16, 15) + 16);
  }
  append_five_bits(codes, to);
}

void write_q5_1(FloatRow row, StoredBytes& to) {
  append_five_bits(append_range(row, 31, to), to);
}

// The element of the largest magnitude becomes -127, the largest of the sixteen numbers.
void write_iq4_nl(FloatRow row, StoredBytes& to) {
  const float scale = append_f16(to, extreme_of(row) / kNonLinear[0]);
  append_halves(row, to, [&](float x) { return non_linear_code(x, scale); });
}

unsigned fp4_code(float x) {
  const auto distance = [&](float magnitude) { return std::abs(std::abs(x) - magnitude); };
  const auto* const nearest = std::ranges::min_element(kFp4Magnitudes, {}, distance);
  const auto code = static_cast<unsigned>(nearest - kFp4Magnitudes.begin());
  return x < 0 ? code | 8U : code;
}

// OCP Microscaling Formats 1.0, 6.3: the exponent of the largest element, less that of the largest
// number of the elements' format, which is 2.
void write_mxfp4(FloatRow row, StoredBytes& to) {
  const float largest = largest_magnitude(row);
  const int exponent = largest == 0 ? -127 : std::clamp(std::ilogb(largest) - 2, -127, 127);
  append(to, static_cast<unsigned>(exponent + 127));
  append_halves(row, to, [&](float x) { return fp4_code(std::ldexp(x, -exponent)); });
}

void write_channel(FloatRow row, StoredBytes& to) {
  const auto bits = std::bit_cast<std::uint32_t>(largest_magnitude(row) / 127);
  const auto rounded = static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16U & 1U)) >> 16U);
  const float scale = bf16_to_float(rounded);
  for (const float x : row) append(to, static_cast<unsigned>(quant_of(x, scale, -127, 127)));
  append_word(to, rounded);
}

using BlockWriter = void (*)(FloatRow block, StoredBytes& to);

BlockWriter writer_of(BlockFormat format) {
  switch (format) {
    case BlockFormat::q8_0: return write_q8_0;
    case BlockFormat::q4_0: return write_q4_0;
    case BlockFormat::q4_1: return write_q4_1;
    case BlockFormat::q5_0: return write_q5_0;
    case BlockFormat::q5_1: return write_q5_1;
    case BlockFormat::q2_k: return write_q2_k;
    case BlockFormat::q3_k: return write_q3_k;
    case BlockFormat::q4_k: return write_q4_k;
    case BlockFormat::q5_k: return write_q5_k;
    case BlockFormat::q6_k: return write_q6_k;
    case BlockFormat::iq4_nl: return write_iq4_nl;
    case BlockFormat::iq4_xs: return write_iq4_xs;
    case BlockFormat::mxfp4: return write_mxfp4;
    case BlockFormat::int8_channel: return write_channel;
  }
  throw std::logic_error("writer_of: a format outside the enumeration");
}

}  // namespace

std::vector<std::byte> quantise(BlockFormat format, std::span<const float> row) {
  const std::size_t elements =
      format == BlockFormat::int8_channel ? row.size() : block_elements(format);
  if (row.size() % elements != 0) {
    throw std::invalid_argument("quantise: a row that is no whole blocks");
  }
  if (!std::ranges::all_of(row, [](float x) { return std::isfinite(x); })) {
    throw std::invalid_argument("quantise: an element that is not finite");
  }
  std::vector<std::byte> stored;
  const BlockWriter write = writer_of(format);
  for (std::size_t i = 0; i < row.size(); i += elements) write(row.subspan(i, elements), stored);
  return stored;
}

}  // namespace llmarch
