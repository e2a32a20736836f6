#include "kernels/fast/quantised_operand.h"

#include <algorithm>
#include <stdexcept>

namespace llmarch::fast {
namespace {

using simd::Packing;
using simd::QuantisedKernels;
using simd::QuantisedTile;

// The bytes of weights after which others are prefetched into the first-level cache. In a loop over
// panels alone, one thread of a Zen 5 read q8_0 at 95 % of its bandwidth with 16 KiB, 80 % with 8,
// and 87 % with 32; into the second-level cache it was slower by 3 to 25 %.
constexpr std::size_t kAhead = std::size_t{16} << 10U;

Packing packing_of(MatrixFormat format) {
  switch (format) {
    case MatrixFormat::q8_0:
    case MatrixFormat::int8_channel: return Packing::bytes;
    case MatrixFormat::q4_0:
    case MatrixFormat::q4_1: return Packing::halves;
    case MatrixFormat::q5_0:
    case MatrixFormat::q5_1: return Packing::fifths;
    case MatrixFormat::iq4_nl:
    case MatrixFormat::iq4_xs: return Packing::halves_of_iq4;
    case MatrixFormat::mxfp4: return Packing::halves_of_fp4;
    case MatrixFormat::q2_k: return Packing::q2_k;
    case MatrixFormat::q3_k: return Packing::q3_k;
    case MatrixFormat::q4_k: return Packing::q4_k;
    case MatrixFormat::q5_k: return Packing::q5_k;
    case MatrixFormat::q6_k: return Packing::q6_k;
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("packing_of: a format without quants");
}

// The bytes from the groups that share bytes to the next: those of a block, but in iq4_xs, whose
// groups have bytes of their own.
std::size_t packed_stride(const BlockFacts& facts, Packing packing) {
  return packing == Packing::halves_of_iq4 && facts.inputs > facts.group ? facts.group / 2 * kPanel
                                                                         : facts.bytes * kPanel;
}

bool are_in_place(Packing packing, Quants quants) {
  return packing == Packing::bytes || quants == Quants::as_they_lie;
}

// The blocks of a piece. With one row and a format that holds bytes it is one: with 256 inputs,
// what is prefetched and what is read leave no room in the first-level cache (33 GB/s instead of 40
// on one thread of a Zen 5).
std::size_t blocks_of_piece(const BlockFacts& facts, Packing packing, Quants quants) {
  const bool alone = quants == Quants::as_they_lie && packing == Packing::bytes;
  return alone ? 1 : kPieceInputs / facts.inputs;
}

// The product of one row prefetches bytes and halves itself. The scales of other blocks of 256 take
// so long that those are better prefetched at once, before them (q4_k: 36 GB/s instead of 32).
std::size_t first_prefetched(const BlockFacts& facts, Packing packing, Quants quants) {
  if (quants == Quants::as_bytes) return 0;
  switch (packing) {
    case Packing::bytes: return facts.inputs * kPanel;
    case Packing::halves:
    case Packing::halves_of_iq4:
    case Packing::halves_of_fp4:
    case Packing::fifths: return facts.inputs / 2 * kPanel;
    case Packing::q4_k:
    case Packing::q2_k:
    case Packing::q3_k:
    case Packing::q5_k:
    case Packing::q6_k: return 0;
  }
  throw std::logic_error("first_prefetched: a packing outside the enumeration");
}

}  // namespace

RightOperands::RightOperands(const QuantisedKernels& kernels, const PackedMatrix& weights,
                             Quants quants, Unpacked& to)
    : kernels_(kernels),
      weights_(weights),
      to_(to),
      format_(weights.format()),
      facts_(facts_of(format_)),
      block_bytes_(facts_.bytes * kPanel),
      blocks_of_row_(fast::blocks_of_row(format_, weights.inputs())),
      tile_{} {
  const Packing packing = packing_of(format_);
  blocks_ = blocks_of_piece(facts_, packing, quants);
  in_place_ = are_in_place(packing, quants);
  prefetched_ = first_prefetched(facts_, packing, quants);
  tile_.group = facts_.group;
  tile_.packing = in_place_ ? packing : Packing::bytes;
  tile_.quants_stride = in_place_ ? packed_stride(facts_, packing) : facts_.group * kPanel;
  tile_.ahead = kAhead;
  tile_.offset = facts_.offset;
  tile_.scales = to.scales;
  tile_.scales_stride = format_ == MatrixFormat::int8_channel ? 0 : kPanel;
  tile_.minima = has_minima(format_) ? to.minima : nullptr;
}

QuantisedTile RightOperands::piece(std::size_t panel, std::size_t first_input) const {
  const std::size_t first = first_input / facts_.inputs;
  const std::size_t blocks = std::min(blocks_, blocks_of_row_ - first);
  const std::byte* const data = weights_.panel(panel) + first * block_bytes_;
  QuantisedTile tile = tile_;
  tile.groups = blocks * facts_.inputs / facts_.group;
  put_scales(data, blocks);
  if (format_ == MatrixFormat::int8_channel) {
    const auto* const scales = reinterpret_cast<const std::uint16_t*>(
        weights_.panel(panel) + blocks_of_row_ * block_bytes_);
    std::transform(scales, scales + kPanel, to_.scales, from_bf16);
  }
  put_quants(data, blocks, tile);
  return tile;
}

void RightOperands::put_scales(const std::byte* data, std::size_t blocks) const {
  const std::size_t floats = facts_.inputs / facts_.group * kPanel;  // of a block
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::byte* const block = data + i * block_bytes_;
    for (std::size_t at = prefetched_; at < block_bytes_; at += 64) {
      __builtin_prefetch(block + kAhead + at);
    }
    kernels_.scales(format_, block, to_.scales + i * floats, to_.minima + i * floats);
  }
}

void RightOperands::put_quants(const std::byte* data, std::size_t blocks,
                               QuantisedTile& tile) const {
  tile.quants = in_place_ ? data : to_.quants;
  if (in_place_) return;
  for (std::size_t i = 0; i < blocks; ++i) {
    kernels_.unpack(format_, data + i * block_bytes_, to_.quants + i * facts_.inputs * kPanel);
  }
}

}  // namespace llmarch::fast
