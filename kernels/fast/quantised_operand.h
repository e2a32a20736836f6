// The right operands of quantised products: pieces of a panel, up to 256 inputs of 64 outputs,
// whose scales and quants stay in the first-level cache.
#pragma once

#include <cstddef>

#include "kernels/fast/packed_matrix.h"
#include "kernels/fast/simd/kernels.h"

namespace llmarch::fast {

inline constexpr std::size_t kPieceInputs = 256;  // at most
inline constexpr std::size_t kFewestInputsOfGroup = 16;

// Where a thread unpacks a piece of a panel.
struct Unpacked {
  alignas(64) std::byte quants[kPieceInputs * kPanel];
  alignas(64) float scales[kPieceInputs / kFewestInputsOfGroup * kPanel];
  alignas(64) float minima[kPieceInputs / kFewestInputsOfGroup * kPanel];
};

// Whether quants are multiplied as they lie in the panel, which a tile of one row can, or as bytes,
// which the transposed product and more rows need.
enum class Quants { as_they_lie, as_bytes };

class RightOperands {
 public:
  // All three must outlive the operands.
  RightOperands(const simd::QuantisedKernels& kernels, const PackedMatrix& weights, Quants quants,
                Unpacked& to);

  // How many inputs the pieces have that are read fastest; the last of a row may have fewer.
  [[nodiscard]] std::size_t inputs() const { return blocks_ * facts_.inputs; }
  // The piece that begins at `first_input`: its tile points to the panel or to `to`, and lacks only
  // the rows.
  [[nodiscard]] simd::QuantisedTile piece(std::size_t panel, std::size_t first_input) const;

 private:
  void put_scales(const std::byte* data, std::size_t blocks) const;
  void put_quants(const std::byte* data, std::size_t blocks, simd::QuantisedTile& tile) const;

  const simd::QuantisedKernels& kernels_;
  const PackedMatrix& weights_;
  Unpacked& to_;
  MatrixFormat format_;
  BlockFacts facts_;
  std::size_t block_bytes_;    // of all outputs
  std::size_t blocks_of_row_;  // all of them
  std::size_t blocks_;         // of a piece
  bool in_place_;              // quants are read where they lie
  std::size_t prefetched_;     // the first byte of a block that is prefetched before the product
  simd::QuantisedTile tile_;   // what all pieces have in common
};

}  // namespace llmarch::fast
