#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "kernels/weight_files/block_readers.h"
#include "kernels/weight_files/blocks.h"

// Source of the layouts: ggml-common.h (the structs of the blocks) and ggml-quants.c
// (dequantize_row_*).
namespace llmarch {
namespace {

void read_q8_0(StoredBlock block, std::span<float> out) {
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = f16_at(block, 0) * static_cast<float>(signed_byte_of(block, 2 + i));
  }
}

// An element of e2m1.
float fp4_value(unsigned code) {
  const float magnitude = kFp4Magnitudes[code & 7U];
  return (code & 8U) != 0 ? -magnitude : magnitude;
}

// The lower and the upper halves of 16 bytes: the first 16 elements and the last. `value` gives the
// element of a code, and of its place in the block.
template <class Value>
void read_halves(StoredBlock packed, std::span<float> out, const Value& value) {
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned both = byte_of(packed, i);
    out[i] = value(both & 15U, i);
    out[i + 16] = value(both >> 4U, i + 16);
  }
}

// The fifth bit of an element's code, from the four bytes that hold those of all.
unsigned fifth_bit(StoredBlock bits, std::size_t element) {
  return (byte_of(bits, element / 8) >> element % 8 & 1U) << 4U;
}

void read_q4_0(StoredBlock block, std::span<float> out) {
  read_halves(block.subspan(2), out, [&](unsigned code, std::size_t) {
    return f16_at(block, 0) * static_cast<float>(static_cast<int>(code) - 8);
  });
}

// OCP Microscaling Formats 1.0: e2m1 elements, and an exponent without a sign.
void read_mxfp4(StoredBlock block, std::span<float> out) {
  const float scale = std::ldexp(1.0F, static_cast<int>(byte_of(block, 0)) - 127);
  read_halves(block.subspan(1), out,
              [&](unsigned code, std::size_t) { return scale * fp4_value(code); });
}

void read_q4_1(StoredBlock block, std::span<float> out) {
  read_halves(block.subspan(4), out, [&](unsigned code, std::size_t) {
    return f16_at(block, 0) * static_cast<float>(code) + f16_at(block, 2);
  });
}

void read_q5_0(StoredBlock block, std::span<float> out) {
  read_halves(block.subspan(6), out, [&](unsigned code, std::size_t element) {
    const auto quant = static_cast<int>(code | fifth_bit(block.subspan(2, 4), element));
    return f16_at(block, 0) * static_cast<float>(quant - 16);
  });
}

void read_q5_1(StoredBlock block, std::span<float> out) {
  read_halves(block.subspan(8), out, [&](unsigned code, std::size_t element) {
    const unsigned quant = code | fifth_bit(block.subspan(4, 4), element);
    return f16_at(block, 0) * static_cast<float>(quant) + f16_at(block, 2);
  });
}

void read_iq4_nl(StoredBlock block, std::span<float> out) {
  read_halves(block.subspan(2), out, [&](unsigned code, std::size_t) {
    return f16_at(block, 0) * static_cast<float>(kNonLinear[code]);
  });
}

struct BlockReader {
  std::size_t elements, bytes;
  void (*read)(StoredBlock block, std::span<float> out);
};

BlockReader reader_of(BlockFormat format) {
  switch (format) {
    case BlockFormat::q8_0: return {32, 34, read_q8_0};
    case BlockFormat::q4_0: return {32, 18, read_q4_0};
    case BlockFormat::q4_1: return {32, 20, read_q4_1};
    case BlockFormat::q5_0: return {32, 22, read_q5_0};
    case BlockFormat::q5_1: return {32, 24, read_q5_1};
    case BlockFormat::q2_k: return {256, 84, read_q2_k};
    case BlockFormat::q3_k: return {256, 110, read_q3_k};
    case BlockFormat::q4_k: return {256, 144, read_q4_k};
    case BlockFormat::q5_k: return {256, 176, read_q5_k};
    case BlockFormat::q6_k: return {256, 210, read_q6_k};
    case BlockFormat::iq4_nl: return {32, 18, read_iq4_nl};
    case BlockFormat::iq4_xs: return {256, 136, read_iq4_xs};
    case BlockFormat::mxfp4: return {32, 17, read_mxfp4};
    case BlockFormat::int8_channel: break;
  }
  throw std::logic_error("reader_of: a format that has no blocks");
}

void read_channel(StoredBlock stored, std::span<float> row) {
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
  constexpr std::array<std::pair<std::string_view, BlockFormat>, 13> kTypes{
      {{"q8_0", BlockFormat::q8_0},
       {"q4_0", BlockFormat::q4_0},
       {"q4_1", BlockFormat::q4_1},
       {"q5_0", BlockFormat::q5_0},
       {"q5_1", BlockFormat::q5_1},
       {"q2_k", BlockFormat::q2_k},
       {"q3_k", BlockFormat::q3_k},
       {"q4_k", BlockFormat::q4_k},
       {"q5_k", BlockFormat::q5_k},
       {"q6_k", BlockFormat::q6_k},
       {"iq4_nl", BlockFormat::iq4_nl},
       {"iq4_xs", BlockFormat::iq4_xs},
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
