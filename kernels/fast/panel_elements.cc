#include <cmath>
#include <stdexcept>

#include "kernels/fast/panel_parts.h"
#include "kernels/fast/quantised_panel.h"
#include "kernels/weight_files/block_readers.h"

namespace llmarch::fast {
namespace {

struct Element {
  int quant;
  float scale, minimum;
};

std::uint8_t half_of(const std::byte* block, std::size_t at, std::size_t upper) {
  return static_cast<std::uint8_t>(byte_at(block, at) >> 4 * upper & 15);
}

// e2m1, doubled so that it is an integer.
int doubled_fp4(std::uint8_t code) {
  constexpr int kMagnitudes[]{0, 1, 2, 3, 4, 6, 8, 12};
  const int magnitude = kMagnitudes[code & 7U];
  return (code & 8U) != 0 ? -magnitude : magnitude;
}

unsigned bits_at(const std::byte* plane, const BitPlace& at, unsigned mask) {
  return byte_at(plane, at.byte) >> at.shift & mask;
}

float half_at(const std::byte* halves, std::size_t output) {
  return f16_to_float(load<std::uint16_t>(halves, output));
}

int pair_quant(const std::byte* block, std::size_t output, std::size_t input) {
  const std::size_t group = input / 32;
  return half_of(block, group / 2 * 32 * kOutputs + place(output, input % 32), group % 2);
}

// An element of q4_k or q5_k: the words with its scales begin at `words`.
Element six_bit_element(int quant, const std::byte* words, std::size_t output, std::size_t input) {
  const std::size_t group = input / 32;
  const auto bits = [&](std::size_t word, std::size_t shift, std::uint32_t mask) {
    return load<std::uint32_t>(words, word * kOutputs + output) >> (4 * group + shift) & mask;
  };
  return {quant,
          half_at(words + 12 * kOutputs, output) *
              static_cast<float>(bits(0, 0, 15) | bits(2, 0, 3) << 4U),
          half_at(words + 14 * kOutputs, output) *
              static_cast<float>(bits(1, 0, 15) | bits(2, 2, 3) << 4U)};
}

Element q4_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  return six_bit_element(pair_quant(block, output, input), block + kAfterPairs, output, input);
}

Element q5_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  const unsigned fifth = bits_at(block + kAfterPairs, bit_place(output, input), 1);
  const int quant = pair_quant(block, output, input) + 16 * static_cast<int>(fifth);
  return six_bit_element(quant, block + kQ5KScales, output, input);
}

Element q3_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  const unsigned lower = bits_at(block, quarter_place(output, input), 3);
  const unsigned third = bits_at(block + kAfterQuarters, bit_place(output, input), 1);
  const std::size_t group = input / 16;
  const std::byte* const words = block + kQ3KScales;
  const auto word = [&](std::size_t i) {
    return load<std::uint32_t>(words, i * kOutputs + output);
  };
  const std::uint32_t scale = (word(group / 8) >> group % 8 * 4 & 15U) | (word(2) >> 2 * group & 3U)
                                                                             << 4U;
  return {static_cast<int>(lower | third << 2U) - 4,
          half_at(words + 12 * kOutputs, output) * static_cast<float>(static_cast<int>(scale) - 32),
          0};
}

Element q2_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  const std::byte* const after = block + kAfterQuarters;
  const int both = byte_at(after, input / 16 * kOutputs + output);
  return {static_cast<int>(bits_at(block, quarter_place(output, input), 3)),
          half_at(after + 16 * kOutputs, output) * static_cast<float>(both & 15),
          half_at(after + 18 * kOutputs, output) * static_cast<float>(both >> 4)};
}

Element iq4_xs_element(const std::byte* block, std::size_t output, std::size_t input) {
  const std::size_t group = input / 32;
  const std::byte* const after = block + kAfterPairs;
  const auto lower = load<std::uint32_t>(after, output) >> 4 * group & 15U;
  const auto upper =
      static_cast<std::uint32_t>(load<std::uint16_t>(after + 4 * kOutputs, output)) >> 2 * group &
      3U;
  const std::size_t at = group * 16 * kOutputs + place(output, input % 16);
  return {kNonLinear[half_of(block, at, input % 32 / 16)],
          half_at(after + 6 * kOutputs, output) *
              static_cast<float>(static_cast<int>(lower | upper << 4U) - 32),
          0};
}

Element q6_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  const std::size_t group = input / 16;
  const std::size_t in_group = place(output, input % 16);
  const int lower = half_of(block, group / 2 * 16 * kOutputs + in_group, group % 2);
  const auto upper =
      static_cast<int>(bits_at(block + kAfterPairs, quarter_place(output, input), 3));
  const auto scale =
      static_cast<std::int8_t>(byte_at(block + kQ6KQuants, group * kOutputs + output));
  const std::byte* const scales = block + kQ6KQuants + 16 * kOutputs;
  return {(lower | upper << 4) - 32, half_at(scales, output) * static_cast<float>(scale), 0};
}

// Input `input` of a block.
Element element_of(MatrixFormat format, const std::byte* block, const std::byte* row_scales,
                   std::size_t output, std::size_t input) {
  const auto half_scale = [&](std::size_t quants) { return half_at(block + quants, output); };
  const std::size_t in_halves = place(output, input % 16);
  const auto five_bits = [&] {
    const unsigned fifth = bits_at(block + kAfterHalves, bit_place(output, input), 1);
    return half_of(block, in_halves, input / 16) + 16 * static_cast<int>(fifth);
  };
  switch (format) {
    case MatrixFormat::q8_0:
      return {byte_at(block, place(output, input)) - 128, half_scale(32 * kOutputs), 0};
    case MatrixFormat::q4_0:
      return {half_of(block, in_halves, input / 16) - 8, half_scale(16 * kOutputs), 0};
    case MatrixFormat::mxfp4:
      return {doubled_fp4(half_of(block, in_halves, input / 16)),
              std::ldexp(1.0F, byte_at(block + 16 * kOutputs, output) - 128), 0};
    case MatrixFormat::q4_1:
      return {half_of(block, in_halves, input / 16), half_scale(kAfterHalves),
              -half_scale(kAfterHalves + 2 * kOutputs)};
    case MatrixFormat::q5_0: return {five_bits() - 16, half_scale(kAfterFifths), 0};
    case MatrixFormat::q5_1:
      return {five_bits(), half_scale(kAfterFifths), -half_scale(kAfterFifths + 2 * kOutputs)};
    case MatrixFormat::iq4_nl:
      return {kNonLinear[half_of(block, in_halves, input / 16)], half_scale(kAfterHalves), 0};
    case MatrixFormat::iq4_xs: return iq4_xs_element(block, output, input);
    case MatrixFormat::q2_k: return q2_k_element(block, output, input);
    case MatrixFormat::q3_k: return q3_k_element(block, output, input);
    case MatrixFormat::q4_k: return q4_k_element(block, output, input);
    case MatrixFormat::q5_k: return q5_k_element(block, output, input);
    case MatrixFormat::q6_k: return q6_k_element(block, output, input);
    case MatrixFormat::int8_channel:
      return {byte_at(block, place(output, input)) - 128,
              bf16_to_float(load<std::uint16_t>(row_scales, output)), 0};
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("element_of: a format without blocks");
}

}  // namespace

void read_row(MatrixFormat format, const std::byte* panel, std::size_t output,
              std::span<float> row) {
  const std::size_t each = facts_of(format).inputs;
  const std::byte* const row_scales =
      panel + blocks_of_row(format, row.size()) * panel_block_bytes(format);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::byte* const block = panel + i / each * panel_block_bytes(format);
    const Element element = element_of(format, block, row_scales, output, i % each);
    row[i] = element.scale * static_cast<float>(element.quant) - element.minimum;
  }
}

}  // namespace llmarch::fast
