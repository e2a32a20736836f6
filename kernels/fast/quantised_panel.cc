#include "kernels/fast/quantised_panel.h"

#include <algorithm>
#include <array>
#include <bit>

#include "kernels/fast/panel_parts.h"

namespace llmarch::fast {
namespace {

static_assert(kOutputs == kPanelOutputs);

void pack_bytes(FileBlock quants, PanelPlace to) {
  for (std::size_t i = 0; i < quants.size(); ++i) {
    to.block[place(to.output, i)] = quants[i] ^ std::byte{0x80};
  }
}

// Codes with a place for each, of which several share a byte: the first in a byte clears it.
template <class Code, class PlaceOf>
void pack_codes(std::size_t count, std::byte* to, const Code& code, const PlaceOf& place_of) {
  for (std::size_t element = 0; element < count; ++element) {
    const BitPlace at = place_of(element);
    if (at.shift == 0) to[at.byte] = {};
    to[at.byte] |= static_cast<std::byte>(code(element) << at.shift);
  }
}

void pack_halves(FileBlock quants, PanelPlace to) {
  for (std::size_t i = 0; i < quants.size(); ++i) to.block[place(to.output, i)] = quants[i];
}

void pack_scale(FileBlock scale, std::size_t at, PanelPlace to) {
  std::copy(scale.begin(), scale.end(), to.block + at + to.output * scale.size());
}

// The scale or the minimum of a group, 6 bits each, from the 12 bytes that q4_k keeps them in
// (ggml-quants.c, get_scale_min_k4).
struct SixBits {
  std::uint32_t scale, minimum;
};
SixBits six_bits(FileBlock packed, std::size_t group) {
  const auto at = [&](std::size_t i) { return std::uint32_t{byte_at(packed.data(), i)}; };
  if (group < 4) return {at(group) & 63U, at(group + 4) & 63U};
  return {(at(group + 4) & 15U) | (at(group - 4) >> 6U) << 4U,
          (at(group + 4) >> 4U) | (at(group) >> 6U) << 4U};
}

// The fifth bits of 32 elements, in a word of the file.
void pack_fifths(FileBlock bits, PanelPlace to) {
  pack_codes(
      32, to.block + kAfterHalves,
      [&](std::size_t i) { return byte_at(bits.data(), i / 8) >> i % 8 & 1U; },
      [&](std::size_t i) { return bit_place(to.output, i); });
}

// A bit of each of 256 elements, those of eight groups of 32 in a byte of the file.
void pack_bits(FileBlock bits, std::size_t at, PanelPlace to) {
  pack_codes(
      256, to.block + at,
      [&](std::size_t i) { return byte_at(bits.data(), i % 32) >> i / 32 & 1U; },
      [&](std::size_t i) { return bit_place(to.output, i); });
}

// Two bits of each of 256 elements (ggml-quants.c, dequantize_row_q2_K).
void pack_quarters(FileBlock quants, PanelPlace to) {
  pack_codes(
      256, to.block,
      [&](std::size_t i) {
        return byte_at(quants.data(), i / 128 * 32 + i % 32) >> i % 128 / 32 * 2 & 3U;
      },
      [&](std::size_t i) { return quarter_place(to.output, i); });
}

void pack_pairs(FileBlock quants, PanelPlace to) {
  for (std::size_t pair = 0; pair < 4; ++pair) {
    pack_halves(quants.subspan(pair * 32, 32), {to.block + pair * 32 * kOutputs, to.output});
  }
}

// The scales and minima of q4_k and q5_k, of which the block begins with the two in f16.
void pack_six_bits(FileBlock block, std::byte* at, PanelPlace to) {
  std::uint32_t lower_scales = 0;
  std::uint32_t lower_minima = 0;
  std::uint32_t upper = 0;
  for (std::size_t group = 0; group < 8; ++group) {
    const SixBits bits = six_bits(block.subspan(4, 12), group);
    lower_scales |= (bits.scale & 15U) << 4 * group;
    lower_minima |= (bits.minimum & 15U) << 4 * group;
    upper |= (bits.scale >> 4U | bits.minimum >> 4U << 2U) << 4 * group;
  }
  store(at, to.output, lower_scales);
  store(at, kOutputs + to.output, lower_minima);
  store(at, 2 * kOutputs + to.output, upper);
  pack_scale(block.subspan(0, 2), 12 * kOutputs, {at, to.output});
  pack_scale(block.subspan(2, 2), 14 * kOutputs, {at, to.output});
}

void pack_q4_k(FileBlock block, PanelPlace to) {
  pack_pairs(block.subspan(16), to);
  pack_six_bits(block, to.block + kAfterPairs, to);
}

void pack_q5_k(FileBlock block, PanelPlace to) {
  pack_pairs(block.subspan(48), to);
  pack_bits(block.subspan(16, 32), kAfterPairs, to);
  pack_six_bits(block, to.block + kQ5KScales, to);
}

// The scales are repacked: see kernels/weight_files/dequantise_k.cc for those of the file.
void pack_q3_k(FileBlock block, PanelPlace to) {
  pack_quarters(block.subspan(32, 64), to);
  pack_bits(block.first(32), kAfterQuarters, to);
  std::array<std::uint32_t, 3> words{};
  for (std::size_t group = 0; group < 16; ++group) {
    const std::uint32_t lower = byte_at(block.data(), 96 + group % 8) >> group / 8 * 4 & 15U;
    const std::uint32_t upper = byte_at(block.data(), 104 + group % 4) >> group / 4 * 2 & 3U;
    words.at(group / 8) |= lower << 4 * (group % 8);
    words[2] |= upper << 2 * group;
  }
  std::byte* const scales = to.block + kQ3KScales;
  for (std::size_t i = 0; i < 3; ++i) store(scales, i * kOutputs + to.output, words.at(i));
  pack_scale(block.subspan(108, 2), 12 * kOutputs, {scales, to.output});
}

void pack_q2_k(FileBlock block, PanelPlace to) {
  pack_quarters(block.subspan(16, 64), to);
  for (std::size_t group = 0; group < 16; ++group) {
    pack_scale(block.subspan(group, 1), kAfterQuarters + group * kOutputs, to);
  }
  pack_scale(block.subspan(80, 2), kAfterQuarters + 16 * kOutputs, to);
  pack_scale(block.subspan(82, 2), kAfterQuarters + 18 * kOutputs, to);
}

void pack_iq4_xs(FileBlock block, PanelPlace to) {
  for (std::size_t group = 0; group < 8; ++group) {
    pack_halves(block.subspan(8 + group * 16, 16), {to.block + group * 16 * kOutputs, to.output});
  }
  pack_scale(block.subspan(4, 4), kAfterPairs, to);
  pack_scale(block.subspan(2, 2), kAfterPairs + 4 * kOutputs, to);
  pack_scale(block.subspan(0, 2), kAfterPairs + 6 * kOutputs, to);
}

// Element 0 to 255 of a stored block of q6_k, without its scale (ggml-quants.c,
// dequantize_row_q6_K).
std::uint8_t q6_k_quant(FileBlock block, std::size_t element) {
  const std::size_t half = element / 128;
  const std::size_t quarter = element % 128 / 32;
  const std::size_t at = element % 32;
  const unsigned lower = byte_at(block.data(), half * 64 + quarter % 2 * 32 + at);
  const unsigned upper = byte_at(block.data(), 128 + half * 32 + at);
  return static_cast<std::uint8_t>((lower >> quarter / 2 * 4 & 15U) | (upper >> 2 * quarter & 3U)
                                                                          << 4U);
}

void pack_q6_k(FileBlock block, PanelPlace to) {
  const auto lower_place = [&](std::size_t element) {
    const std::size_t group = element / 16;
    return BitPlace{group / 2 * 16 * kOutputs + place(to.output, element % 16),
                    static_cast<unsigned>(group % 2 * 4)};
  };
  pack_codes(
      256, to.block, [&](std::size_t i) { return q6_k_quant(block, i) & 15U; }, lower_place);
  pack_codes(
      256, to.block + kAfterPairs,
      [&](std::size_t i) { return static_cast<unsigned>(q6_k_quant(block, i)) >> 4U; },
      [&](std::size_t i) { return quarter_place(to.output, i); });
  for (std::size_t group = 0; group < 16; ++group) {
    pack_scale(block.subspan(192 + group, 1), kQ6KQuants + group * kOutputs, to);
  }
  pack_scale(block.subspan(208, 2), kQ6KQuants + 16 * kOutputs, to);
}

void pack_block(MatrixFormat format, FileBlock block, PanelPlace to) {
  switch (format) {
    case MatrixFormat::q8_0:
      pack_bytes(block.subspan(2), to);
      return pack_scale(block.first(2), 32 * kOutputs, to);
    case MatrixFormat::q4_0:
    case MatrixFormat::iq4_nl:
      pack_halves(block.subspan(2), to);
      return pack_scale(block.first(2), kAfterHalves, to);
    case MatrixFormat::q4_1:
      pack_halves(block.subspan(4), to);
      pack_scale(block.first(2), kAfterHalves, to);
      return pack_scale(block.subspan(2, 2), kAfterHalves + 2 * kOutputs, to);
    case MatrixFormat::q5_0:
      pack_halves(block.subspan(6), to);
      pack_fifths(block.subspan(2, 4), to);
      return pack_scale(block.first(2), kAfterFifths, to);
    case MatrixFormat::q5_1:
      pack_halves(block.subspan(8), to);
      pack_fifths(block.subspan(4, 4), to);
      pack_scale(block.first(2), kAfterFifths, to);
      return pack_scale(block.subspan(2, 2), kAfterFifths + 2 * kOutputs, to);
    case MatrixFormat::mxfp4:
      pack_halves(block.subspan(1), to);
      return pack_scale(block.first(1), kAfterHalves, to);
    case MatrixFormat::q2_k: return pack_q2_k(block, to);
    case MatrixFormat::q3_k: return pack_q3_k(block, to);
    case MatrixFormat::q4_k: return pack_q4_k(block, to);
    case MatrixFormat::q5_k: return pack_q5_k(block, to);
    case MatrixFormat::q6_k: return pack_q6_k(block, to);
    case MatrixFormat::iq4_xs: return pack_iq4_xs(block, to);
    case MatrixFormat::int8_channel: return pack_bytes(block, to);
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("pack_block: a format without blocks");
}

}  // namespace

std::size_t blocks_of_row(MatrixFormat format, std::size_t inputs) {
  const std::size_t each = facts_of(format).inputs;
  return (inputs + each - 1) / each;
}

std::size_t quantised_panel_bytes(MatrixFormat format, std::size_t inputs) {
  return blocks_of_row(format, inputs) * panel_block_bytes(format) +
         facts_of(format).row_bytes * kOutputs;
}

void pack_row(MatrixFormat format, std::size_t inputs, std::span<const std::byte> row,
              std::size_t output, std::byte* panel) {
  const BlockFacts facts = facts_of(format);
  const std::size_t blocks = blocks_of_row(format, inputs);
  const auto quants = row.first(row.size() - facts.row_bytes);
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t bytes = std::min(facts.bytes, quants.size() - i * facts.bytes);
    pack_block(format, quants.subspan(i * facts.bytes, bytes),
               {panel + i * panel_block_bytes(format), output});
  }
  if (facts.row_bytes == 0) return;
  pack_scale(row.last(facts.row_bytes), 0, {panel + blocks * panel_block_bytes(format), output});
}

}  // namespace llmarch::fast
