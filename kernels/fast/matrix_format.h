// How a matrix is held: plainly, each element by itself, or quantised, in blocks of small integers
// with a scale. This file knows the sizes of blocks; where the parts of a block lie among 64
// outputs is known by quantised_panel.h, and which stored format a model's tensor has by the graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "kernels/fast/stored.h"

namespace llmarch::fast {

// f32, bf16: plain. q8_0 to mxfp4: the blocks of ggml. int8_channel: a signed byte an element, and
// for each output one scale in bf16.
enum class MatrixFormat {
  f32,
  bf16,
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

// A quantised element is scale * (quant - offset) - minimum, where the quant is an unsigned byte.
struct BlockFacts {
  std::size_t inputs;  // of a block, along a row
  std::size_t bytes;   // of a block of one output
  std::size_t group;   // inputs that have a scale, and a minimum, of their own
  int offset;
  std::size_t row_bytes;  // kept once for each output beside its blocks
};

constexpr bool is_plain(MatrixFormat format) {
  return format == MatrixFormat::f32 || format == MatrixFormat::bf16;
}

constexpr MatrixFormat matrix_format(Stored stored) {
  return stored == Stored::f32 ? MatrixFormat::f32 : MatrixFormat::bf16;
}

// How elements of a plain format are stored. Throws std::logic_error for a quantised one.
constexpr Stored stored_of(MatrixFormat format) {
  if (!is_plain(format)) throw std::logic_error("stored_of: a quantised format");
  return format == MatrixFormat::f32 ? Stored::f32 : Stored::bf16;
}

// The blocks of a quantised format. Throws std::logic_error for a plain one.
constexpr BlockFacts facts_of(MatrixFormat format) {
  switch (format) {
    case MatrixFormat::q8_0: return {32, 34, 32, 128, 0};
    case MatrixFormat::q4_0: return {32, 18, 32, 8, 0};
    case MatrixFormat::q4_1: return {32, 20, 32, 0, 0};
    case MatrixFormat::q5_0: return {32, 22, 32, 16, 0};
    case MatrixFormat::q5_1: return {32, 24, 32, 0, 0};
    case MatrixFormat::q2_k: return {256, 84, 16, 0, 0};
    case MatrixFormat::q3_k: return {256, 110, 16, 4, 0};
    case MatrixFormat::q4_k: return {256, 144, 32, 0, 0};
    case MatrixFormat::q5_k: return {256, 176, 32, 0, 0};
    case MatrixFormat::iq4_nl: return {32, 18, 32, 128, 0};
    case MatrixFormat::iq4_xs: return {256, 136, 32, 128, 0};
    case MatrixFormat::q6_k: return {256, 210, 16, 32, 0};
    case MatrixFormat::mxfp4: return {32, 17, 32, 12, 0};
    case MatrixFormat::int8_channel: return {32, 32, 32, 128, 2};
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("facts_of: a format without blocks");
}

// Whether something is taken away from each product of a scale and a quant.
constexpr bool has_minima(MatrixFormat format) {
  switch (format) {
    case MatrixFormat::q4_1:
    case MatrixFormat::q5_1:
    case MatrixFormat::q2_k:
    case MatrixFormat::q4_k:
    case MatrixFormat::q5_k: return true;
    case MatrixFormat::f32:
    case MatrixFormat::bf16:
    case MatrixFormat::q8_0:
    case MatrixFormat::q4_0:
    case MatrixFormat::q5_0:
    case MatrixFormat::q3_k:
    case MatrixFormat::q6_k:
    case MatrixFormat::iq4_nl:
    case MatrixFormat::iq4_xs:
    case MatrixFormat::mxfp4:
    case MatrixFormat::int8_channel: return false;
  }
  throw std::logic_error("has_minima: a format outside the enumeration");
}

// The bytes in which a row of so many inputs is stored: what is read of the matrix for one output.
// Blocks of ggml are whole.
constexpr std::size_t stored_row_bytes(MatrixFormat format, std::size_t inputs) {
  if (is_plain(format)) return inputs * bytes_of(stored_of(format));
  const BlockFacts facts = facts_of(format);
  if (format == MatrixFormat::int8_channel) return inputs + facts.row_bytes;
  return inputs / facts.inputs * facts.bytes;
}

}  // namespace llmarch::fast
