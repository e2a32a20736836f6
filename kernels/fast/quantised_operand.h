// The right operand of a tile of a quantised product: a piece of a panel, 256 inputs of 64 outputs,
// whose scales and quants stay in the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/fast/packed_matrix.h"
#include "kernels/fast/simd/kernels.h"

namespace llmarch::fast {

inline constexpr std::size_t kPieceInputs = 256;

inline constexpr std::size_t kFewestInputsOfGroup = 16;

// Where a thread unpacks a piece of a panel.
struct Unpacked {
  alignas(64) std::byte quants[kPieceInputs * kPanel];
  alignas(64) float scales[kPieceInputs / kFewestInputsOfGroup * kPanel];
  alignas(64) float minima[kPieceInputs / kFewestInputsOfGroup * kPanel];
};

// The blocks of a panel whose inputs begin at `first_input`.
struct Piece {
  const PackedMatrix* weights;
  std::size_t panel, first_input;

  [[nodiscard]] BlockFacts facts() const { return facts_of(weights->format()); }
  [[nodiscard]] std::size_t first_block() const { return first_input / facts().inputs; }
  [[nodiscard]] std::size_t blocks() const {
    const std::size_t all = blocks_of_row(weights->format(), weights->inputs());
    return std::min(kPieceInputs / facts().inputs, all - first_block());
  }
  [[nodiscard]] std::size_t groups() const { return blocks() * facts().inputs / facts().group; }
  [[nodiscard]] const std::byte* data() const {
    return weights->panel(panel) + first_block() * facts().bytes * kPanel;
  }
};

// Whether quants are multiplied as they lie in the panel, which a tile of one row can where a
// format keeps the bits of a quant together, or as bytes, which the transposed product and more
// rows need.
enum class Quants { as_they_lie, as_bytes };

// Points to the panel or to `to`.
simd::QuantisedTile right_operand(const simd::QuantisedKernels& kernels, const Piece& piece,
                                  Quants quants, Unpacked& to);

}  // namespace llmarch::fast
