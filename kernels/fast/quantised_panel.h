// A panel of a quantised matrix: the blocks of 64 outputs, interleaved so that vectors of outputs
// are multiplied with four inputs at a time. This file knows where each part of a block lies, and
// packs, reads and draws panels element by element; the vector loops are in simd/unpack.h.
//
// A step is four inputs of 64 outputs, 256 bytes: output o's input i of a group of inputs stands at
// i / 4 * 256 + o * 4 + i % 4. A block of 64 outputs is, in this order:
//   q8_0, int8_channel  8 steps of bytes, each with its highest bit inverted: quants 0 to 255
//   q4_0, q4_1, iq4_nl, mxfp4
//                       4 steps of bytes: the lower half is input i, the upper half input i + 16
//   q5_0, q5_1          the same, and then 256 bytes with the fifth bits of the 8 steps
//   iq4_xs              8 times as q4_0; then 64 words of the lower four bits of the 8 scales, and
//                       64 of 16 bits with their upper two
//   q4_k                4 times 8 steps: in the lower half a group of 32, in the upper the next;
//                       then 64 words each of the lower four bits of the 8 scales, of those of the
//                       8 minima, and of their upper bits (of group g two each, from bit 4 g on)
//   q5_k                the same, and before the words 8 times 256 bytes with the fifth bits of 8
//                       steps
//   q2_k, q3_k          4 times 4 steps: two bits of groups j, j + 4, j + 8, j + 12; in q3_k 8
//   times
//                       256 bytes with the third bits of 8 steps, and 64 words each of the lower
//                       four bits of the first 8 scales, of those of the others, and of the upper
//                       two bits of all 16; in q2_k 16 times 64 bytes, a scale and a minimum
//   q6_k                8 times 4 steps: the lower four bits of a group of 16, and of the next;
//                       4 times 4 steps: the upper two bits of groups j, j + 4, j + 8, j + 12;
//                       16 times 64 signed scales
// and then the scales of its outputs: f16, in the formats with minima f16 of the scales and f16 of
// the minima, or the exponent of two (mxfp4). The scales of int8_channel follow the last block.
// Panels are packed in quantised_panel.cc, read in panel_elements.cc and drawn in
// synthetic_panel.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fast/matrix_format.h"

namespace llmarch::fast {

inline constexpr std::size_t kPanelOutputs = 64;

// The blocks of a row, and the bytes of a panel.
std::size_t blocks_of_row(MatrixFormat format, std::size_t inputs);
std::size_t quantised_panel_bytes(MatrixFormat format, std::size_t inputs);

// Puts the stored row of one output (kernels/weight_files/blocks.h) into its panel.
void pack_row(MatrixFormat format, std::size_t inputs, std::span<const std::byte> row,
              std::size_t output, std::byte* panel);
// The elements of one output.
void read_row(MatrixFormat format, const std::byte* panel, std::size_t output,
              std::span<float> row);
// Random quants, and scales with which elements lie between -limit and limit.
void fill_panel(MatrixFormat format, std::size_t inputs, std::uint64_t seed, float limit,
                std::byte* panel);

}  // namespace llmarch::fast
