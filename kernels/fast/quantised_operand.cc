#include "kernels/fast/quantised_operand.h"

#include <stdexcept>

namespace llmarch::fast {
namespace {

using simd::Packing;
using simd::QuantisedKernels;
using simd::QuantisedTile;

constexpr std::size_t kAhead = 4096;  // bytes of weights that are prefetched

Packing packing_of(MatrixFormat format) {
  switch (format) {
    case MatrixFormat::q8_0:
    case MatrixFormat::int8_channel: return Packing::bytes;
    case MatrixFormat::q4_0:
    case MatrixFormat::q4_1: return Packing::halves;
    case MatrixFormat::iq4_nl:
    case MatrixFormat::iq4_xs: return Packing::halves_of_iq4;
    case MatrixFormat::mxfp4: return Packing::halves_of_fp4;
    case MatrixFormat::q4_k: return Packing::pairs;
    case MatrixFormat::q5_0:
    case MatrixFormat::q5_1:
    case MatrixFormat::q2_k:
    case MatrixFormat::q3_k:
    case MatrixFormat::q5_k:
    case MatrixFormat::q6_k: return Packing::planes;
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("packing_of: a format without quants");
}

// The bytes from a group of a block to the next, or from a pair of groups.
std::size_t packed_stride(MatrixFormat format) {
  const BlockFacts facts = facts_of(format);
  if (facts.inputs == facts.group) return facts.bytes * kPanel;
  return packing_of(format) == Packing::pairs ? facts.group * kPanel : facts.group / 2 * kPanel;
}

void put_quants(const QuantisedKernels& kernels, const Piece& piece, Quants quants, Unpacked& to,
                QuantisedTile& tile) {
  const MatrixFormat format = piece.weights->format();
  const BlockFacts facts = piece.facts();
  const Packing packing = packing_of(format);
  if (packing == Packing::bytes || (quants == Quants::as_they_lie && packing != Packing::planes)) {
    tile.quants = piece.data();
    tile.packing = packing;
    tile.quants_stride = packed_stride(format);
    return;
  }
  for (std::size_t i = 0; i < piece.blocks(); ++i) {
    kernels.unpack(format, piece.data() + i * facts.bytes * kPanel,
                   to.quants + i * facts.inputs * kPanel);
  }
  tile.quants = to.quants;
  tile.packing = Packing::bytes;
  tile.quants_stride = facts.group * kPanel;
}

void put_scales(const QuantisedKernels& kernels, const Piece& piece, Unpacked& to,
                QuantisedTile& tile) {
  const PackedMatrix& weights = *piece.weights;
  const MatrixFormat format = weights.format();
  const BlockFacts facts = piece.facts();
  const std::size_t block_bytes = facts.bytes * kPanel;
  const std::size_t floats = facts.inputs / facts.group * kPanel;  // of a block
  for (std::size_t i = 0; i < piece.blocks(); ++i) {
    kernels.scales(format, piece.data() + i * block_bytes, kAhead, to.scales + i * floats,
                   to.minima + i * floats);
  }
  tile.scales = to.scales;
  tile.scales_stride = kPanel;
  tile.minima = has_minima(format) ? to.minima : nullptr;
  if (format != MatrixFormat::int8_channel) return;
  const auto* const scales = reinterpret_cast<const std::uint16_t*>(
      weights.panel(piece.panel) + blocks_of_row(format, weights.inputs()) * block_bytes);
  std::transform(scales, scales + kPanel, to.scales, from_bf16);
  tile.scales_stride = 0;
}

}  // namespace

QuantisedTile right_operand(const QuantisedKernels& kernels, const Piece& piece, Quants quants,
                            Unpacked& to) {
  const BlockFacts facts = piece.facts();
  QuantisedTile tile{};
  tile.group = facts.group;
  tile.groups = piece.groups();
  tile.offset = facts.offset;
  put_scales(kernels, piece, to, tile);
  put_quants(kernels, piece, quants, to, tile);
  return tile;
}

}  // namespace llmarch::fast
