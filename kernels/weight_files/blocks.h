// Rows of weights as they are stored in blocks: of ggml's types, and bytes with a scale by row.
// This file knows what a stored row means, and how a row of floats becomes one. It is the reference
// by which the kernels that multiply such rows are judged, so it says each formula plainly.
//
// Rows that are made here are rounded to the nearest, without the search for better scales that
// llama-quantize makes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace llmarch {

// int8_channel: the bytes of a row, and then its scale in bf16. The others are called as in ggml.
enum class BlockFormat {
  q8_0,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
  int8_channel
};

// None where a type is not read.
std::optional<BlockFormat> block_format(std::string_view ggml_type);

// The elements of a block. Throws std::logic_error for int8_channel, which has none.
std::size_t block_elements(BlockFormat format);

// The bytes of a stored row of so many columns, which are whole blocks.
std::size_t stored_row_bytes(BlockFormat format, std::size_t columns);

// The elements of a stored row. Throws std::invalid_argument where it is of another length than
// `row` asks for.
void dequantise(BlockFormat format, std::span<const std::byte> stored, std::span<float> row);

// `row` as it is stored. Throws std::invalid_argument where its length is no multiple of the
// block's, or an element is not finite.
std::vector<std::byte> quantise(BlockFormat format, std::span<const float> row);

}  // namespace llmarch
