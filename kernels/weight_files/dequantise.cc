#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "kernels/weight_files/blocks.h"
#include "kernels/weight_files/float_formats.h"

// Source of the layouts: ggml-common.h (the structs of the blocks) and ggml-quants.c
// (dequantize_row_*).
namespace llmarch {
namespace {

using Stored = std::span<const std::byte>;

unsigned byte_of(Stored bytes, std::size_t index) {
  return std::to_integer<unsigned>(bytes[index]);
}

int signed_byte_of(Stored bytes, std::size_t index) {
  return static_cast<std::int8_t>(std::to_integer<std::uint8_t>(bytes[index]));
}

std::uint16_t half_word(Stored bytes, std::size_t at) {
  std::uint16_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

float f16_at(Stored bytes, std::size_t at) {
  return f16_to_float(half_word(bytes, at));
}

void read_q8_0(Stored block, std::span<float> out) {
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = f16_at(block, 0) * static_cast<float>(signed_byte_of(block, 2 + i));
  }
}

void read_q4_0(Stored block, std::span<float> out) {
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned both = byte_of(block, 2 + i);
    out[i] = f16_at(block, 0) * static_cast<float>(static_cast<int>(both & 15U) - 8);
    out[i + 16] = f16_at(block, 0) * static_cast<float>(static_cast<int>(both >> 4U) - 8);
  }
}

// OCP Microscaling Formats 1.0: e2m1 elements, and an exponent without a sign.
float fp4_value(unsigned code) {
  constexpr std::array<float, 8> kMagnitudes{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
  return (code & 8U) != 0 ? -kMagnitudes[code & 7U] : kMagnitudes[code & 7U];
}

void read_mxfp4(Stored block, std::span<float> out) {
  const float scale = std::ldexp(1.0F, static_cast<int>(byte_of(block, 0)) - 127);
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned both = byte_of(block, 1 + i);
    out[i] = scale * fp4_value(both & 15U);
    out[i + 16] = scale * fp4_value(both >> 4U);
  }
}

// Scale and minimum of one of the eight groups of q4_k: of the first four in the lower six bits of
// the bytes 0 to 7, of the others in the halves of bytes 8 to 11 and what is left of the bytes
// before.
std::pair<unsigned, unsigned> scale_and_minimum(Stored packed, std::size_t group) {
  if (group < 4) return {byte_of(packed, group) & 63U, byte_of(packed, group + 4) & 63U};
  const unsigned halves = byte_of(packed, group + 4);
  return {(halves & 15U) + byte_of(packed, group - 4) / 64 * 16,
          halves / 16 + byte_of(packed, group) / 64 * 16};
}

void read_q4_k(Stored block, std::span<float> out) {
  const float d = f16_at(block, 0);
  const float d_minimum = f16_at(block, 2);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto [scale, minimum] = scale_and_minimum(block.subspan(4, 12), group);
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned both = byte_of(block, 16 + group / 2 * 32 + i);
      const unsigned quant = group % 2 == 0 ? both & 15U : both >> 4U;
      out[group * 32 + i] = d * static_cast<float>(scale) * static_cast<float>(quant) -
                            d_minimum * static_cast<float>(minimum);
    }
  }
}

// Each half of a block of q6_k has four quarters of 32 elements: the lower four bits of the first
// and third, and of the second and fourth, share a byte, and the upper two bits of all four.
void read_q6_k(Stored block, std::span<float> out) {
  const float d = f16_at(block, 208);
  for (std::size_t half = 0; half < 2; ++half) {
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      for (std::size_t i = 0; i < 32; ++i) {
        const unsigned both = byte_of(block, half * 64 + quarter % 2 * 32 + i);
        const unsigned lower = quarter < 2 ? both & 15U : both >> 4U;
        const unsigned upper = byte_of(block, 128 + half * 32 + i) >> 2 * quarter & 3U;
        const std::size_t element = half * 128 + quarter * 32 + i;
        const auto scale = static_cast<float>(signed_byte_of(block, 192 + element / 16));
        out[element] = d * scale * static_cast<float>(static_cast<int>(lower + 16 * upper) - 32);
      }
    }
  }
}

struct BlockReader {
  std::size_t elements, bytes;
  void (*read)(Stored block, std::span<float> out);
};

BlockReader reader_of(BlockFormat format) {
  switch (format) {
    case BlockFormat::q8_0: return {32, 34, read_q8_0};
    case BlockFormat::q4_0: return {32, 18, read_q4_0};
    case BlockFormat::mxfp4: return {32, 17, read_mxfp4};
    case BlockFormat::q4_k: return {256, 144, read_q4_k};
    case BlockFormat::q6_k: return {256, 210, read_q6_k};
    case BlockFormat::int8_channel: break;
  }
  throw std::logic_error("reader_of: a format that has no blocks");
}

void read_channel(Stored stored, std::span<float> row) {
  const float scale = bf16_to_float(half_word(stored, row.size()));
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = scale * static_cast<float>(signed_byte_of(stored, i));
  }
}

void require_length(bool fits) {
  if (!fits) throw std::invalid_argument("dequantise: a row of another length");
}

}  // namespace

std::optional<BlockFormat> block_format(std::string_view ggml_type) {
  constexpr std::array<std::pair<std::string_view, BlockFormat>, 5> kTypes{
      {{"q8_0", BlockFormat::q8_0},
       {"q4_0", BlockFormat::q4_0},
       {"q4_k", BlockFormat::q4_k},
       {"q6_k", BlockFormat::q6_k},
       {"mxfp4", BlockFormat::mxfp4}}};
  for (const auto& [name, format] : kTypes) {
    if (name == ggml_type) return format;
  }
  return std::nullopt;
}

std::size_t block_elements(BlockFormat format) {
  return reader_of(format).elements;
}

std::size_t stored_row_bytes(BlockFormat format, std::size_t columns) {
  if (format == BlockFormat::int8_channel) return columns + 2;
  const BlockReader reader = reader_of(format);
  return columns / reader.elements * reader.bytes;
}

void dequantise(BlockFormat format, std::span<const std::byte> stored, std::span<float> row) {
  if (format == BlockFormat::int8_channel) {
    require_length(stored.size() == row.size() + 2);
    return read_channel(stored, row);
  }
  const BlockReader reader = reader_of(format);
  const std::size_t blocks = row.size() / reader.elements;
  require_length(row.size() == blocks * reader.elements && stored.size() == blocks * reader.bytes);
  for (std::size_t i = 0; i < blocks; ++i) {
    reader.read(stored.subspan(i * reader.bytes, reader.bytes),
                row.subspan(i * reader.elements, reader.elements));
  }
}

}  // namespace llmarch
