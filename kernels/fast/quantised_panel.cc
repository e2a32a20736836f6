#include "kernels/fast/quantised_panel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/fast/random_fill.h"
#include "kernels/weight_files/float_formats.h"

namespace llmarch::fast {
namespace {

constexpr std::size_t kOutputs = kPanelOutputs;

// Bytes of a block of 64 outputs before its scales.
constexpr std::size_t kQ4KQuants = 128 * kOutputs;
constexpr std::size_t kQ6KLower = 128 * kOutputs;
constexpr std::size_t kQ6KQuants = 192 * kOutputs;

std::size_t place(std::size_t output, std::size_t input) {
  return input / 4 * 4 * kOutputs + output * 4 + input % 4;
}

std::uint8_t byte_at(const std::byte* bytes, std::size_t index) {
  return std::to_integer<std::uint8_t>(bytes[index]);
}

template <class T>
T load(const std::byte* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(std::byte* to, std::size_t index, T value) {
  std::memcpy(to + index * sizeof(T), &value, sizeof(T));
}

// One output's part of one block of a panel.
struct PanelPlace {
  std::byte* block;
  std::size_t output;
};

// A stored block of ggml's, q8_0 and the like, as it lies in a file.
using FileBlock = std::span<const std::byte>;

void pack_bytes(FileBlock quants, PanelPlace to) {
  for (std::size_t i = 0; i < quants.size(); ++i) {
    to.block[place(to.output, i)] = quants[i] ^ std::byte{0x80};
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

void pack_q4_k(FileBlock block, PanelPlace to) {
  const FileBlock quants = block.subspan(16);
  for (std::size_t pair = 0; pair < 4; ++pair) {
    pack_halves(quants.subspan(pair * 32, 32), {to.block + pair * 32 * kOutputs, to.output});
  }
  std::uint32_t lower_scales = 0;
  std::uint32_t lower_minima = 0;
  std::uint32_t upper = 0;
  for (std::size_t group = 0; group < 8; ++group) {
    const SixBits bits = six_bits(block.subspan(4, 12), group);
    lower_scales |= (bits.scale & 15U) << 4 * group;
    lower_minima |= (bits.minimum & 15U) << 4 * group;
    upper |= (bits.scale >> 4U | bits.minimum >> 4U << 2U) << 4 * group;
  }
  store(to.block + kQ4KQuants, to.output, lower_scales);
  store(to.block + kQ4KQuants, kOutputs + to.output, lower_minima);
  store(to.block + kQ4KQuants, 2 * kOutputs + to.output, upper);
  pack_scale(block.subspan(0, 2), kQ4KQuants + 12 * kOutputs, to);
  pack_scale(block.subspan(2, 2), kQ4KQuants + 14 * kOutputs, to);
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
  for (std::size_t element = 0; element < 256; ++element) {
    const std::size_t group = element / 16;
    const std::uint8_t quant = q6_k_quant(block, element);
    const std::size_t in_group = place(to.output, element % 16);
    std::byte& lower = to.block[group / 2 * 16 * kOutputs + in_group];
    std::byte& upper = to.block[kQ6KLower + group % 4 * 16 * kOutputs + in_group];
    if (group % 2 == 0) lower = {};
    if (group < 4) upper = {};
    lower |= std::byte(static_cast<std::uint8_t>((quant & 15U) << group % 2 * 4));
    upper |= std::byte(static_cast<std::uint8_t>((quant >> 4U) << 2 * (group / 4)));
  }
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
      pack_halves(block.subspan(2), to);
      return pack_scale(block.first(2), 16 * kOutputs, to);
    case MatrixFormat::mxfp4:
      pack_halves(block.subspan(1), to);
      return pack_scale(block.first(1), 16 * kOutputs, to);
    case MatrixFormat::q4_k: return pack_q4_k(block, to);
    case MatrixFormat::q6_k: return pack_q6_k(block, to);
    case MatrixFormat::int8_channel: return pack_bytes(block, to);
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("pack_block: a format without blocks");
}

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

Element q4_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  const std::size_t group = input / 32;
  const std::byte* const words = block + kQ4KQuants;
  const auto bits = [&](std::size_t word, std::size_t shift, std::uint32_t mask) {
    return load<std::uint32_t>(words, word * kOutputs + output) >> (4 * group + shift) & mask;
  };
  const auto half = [&](std::size_t at) {
    return f16_to_float(load<std::uint16_t>(words + at * kOutputs, output));
  };
  const std::size_t at = group / 2 * 32 * kOutputs + place(output, input % 32);
  return {half_of(block, at, group % 2),
          half(12) * static_cast<float>(bits(0, 0, 15) | bits(2, 0, 3) << 4U),
          half(14) * static_cast<float>(bits(1, 0, 15) | bits(2, 2, 3) << 4U)};
}

Element q6_k_element(const std::byte* block, std::size_t output, std::size_t input) {
  const std::size_t group = input / 16;
  const std::size_t in_group = place(output, input % 16);
  const int lower = half_of(block, group / 2 * 16 * kOutputs + in_group, group % 2);
  const int upper =
      byte_at(block, kQ6KLower + group % 4 * 16 * kOutputs + in_group) >> 2 * (group / 4) & 3;
  const auto scale =
      static_cast<std::int8_t>(byte_at(block + kQ6KQuants, group * kOutputs + output));
  const std::byte* const scales = block + kQ6KQuants + 16 * kOutputs;
  return {(lower | upper << 4) - 32,
          f16_to_float(load<std::uint16_t>(scales, output)) * static_cast<float>(scale), 0};
}

// Input `input` of a block.
Element element_of(MatrixFormat format, const std::byte* block, const std::byte* row_scales,
                   std::size_t output, std::size_t input) {
  const auto half_scale = [&](std::size_t quants) {
    return f16_to_float(load<std::uint16_t>(block + quants, output));
  };
  const std::size_t in_halves = place(output, input % 16);
  switch (format) {
    case MatrixFormat::q8_0:
      return {byte_at(block, place(output, input)) - 128, half_scale(32 * kOutputs), 0};
    case MatrixFormat::q4_0:
      return {half_of(block, in_halves, input / 16) - 8, half_scale(16 * kOutputs), 0};
    case MatrixFormat::mxfp4:
      return {doubled_fp4(half_of(block, in_halves, input / 16)),
              std::ldexp(1.0F, byte_at(block + 16 * kOutputs, output) - 128), 0};
    case MatrixFormat::q4_k: return q4_k_element(block, output, input);
    case MatrixFormat::q6_k: return q6_k_element(block, output, input);
    case MatrixFormat::int8_channel:
      return {byte_at(block, place(output, input)) - 128,
              bf16_to_float(load<std::uint16_t>(row_scales, output)), 0};
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("element_of: a format without blocks");
}

std::size_t block_bytes(MatrixFormat format) {
  return facts_of(format).bytes * kOutputs;
}

// The scales with which quants drawn evenly make elements between -limit and limit.
void draw_scales(MatrixFormat format, float limit, std::byte* block) {
  const auto fill = [&](std::size_t at, float scale) {
    for (std::size_t o = 0; o < kOutputs; ++o) store(block + at, o, float_to_f16(scale));
  };
  switch (format) {
    case MatrixFormat::q8_0: return fill(32 * kOutputs, limit / 128);
    case MatrixFormat::q4_0: return fill(16 * kOutputs, limit / 8);
    case MatrixFormat::mxfp4: {
      const auto exponent = static_cast<std::uint8_t>(128 + std::ilogb(limit / 12));
      std::fill_n(block + 16 * kOutputs, kOutputs, std::byte{exponent});
      return;
    }
    case MatrixFormat::q4_k:  // every scale and minimum is 63: elements are 63 (d q - dmin)
      std::fill_n(block + kQ4KQuants, 12 * kOutputs, std::byte{0xff});
      fill(kQ4KQuants + 12 * kOutputs, limit / (63 * 7.5F));
      return fill(kQ4KQuants + 14 * kOutputs, limit / 63);
    case MatrixFormat::q6_k:
      std::fill_n(block + kQ6KQuants, 16 * kOutputs, std::byte{127});
      return fill(kQ6KQuants + 16 * kOutputs, limit / (127 * 32));
    case MatrixFormat::int8_channel: return;
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("draw_scales: a format without blocks");
}

}  // namespace

std::size_t blocks_of_row(MatrixFormat format, std::size_t inputs) {
  const std::size_t each = facts_of(format).inputs;
  return (inputs + each - 1) / each;
}

std::size_t quantised_panel_bytes(MatrixFormat format, std::size_t inputs) {
  return blocks_of_row(format, inputs) * block_bytes(format) +
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
               {panel + i * block_bytes(format), output});
  }
  if (facts.row_bytes == 0) return;
  pack_scale(row.last(facts.row_bytes), 0, {panel + blocks * block_bytes(format), output});
}

void read_row(MatrixFormat format, const std::byte* panel, std::size_t output,
              std::span<float> row) {
  const std::size_t each = facts_of(format).inputs;
  const std::byte* const row_scales =
      panel + blocks_of_row(format, row.size()) * block_bytes(format);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::byte* const block = panel + i / each * block_bytes(format);
    const Element element = element_of(format, block, row_scales, output, i % each);
    row[i] = element.scale * static_cast<float>(element.quant) - element.minimum;
  }
}

void fill_panel(MatrixFormat format, std::size_t inputs, std::uint64_t seed, float limit,
                std::byte* panel) {
  const std::size_t blocks = blocks_of_row(format, inputs);
  const std::size_t bytes = blocks * block_bytes(format);
  fill_with_bits(panel, bytes, seed);
  for (std::size_t i = 0; i < blocks; ++i) {
    draw_scales(format, limit, panel + i * block_bytes(format));
  }
  if (format != MatrixFormat::int8_channel) return;
  for (std::size_t o = 0; o < kOutputs; ++o) store(panel + bytes, o, to_bf16(limit / 128));
}

}  // namespace llmarch::fast
