#include <utility>

#include "kernels/weight_files/block_readers.h"

// The blocks of 256 elements. Source of the layouts: ggml-common.h (the structs of the blocks) and
// ggml-quants.c (dequantize_row_*).
namespace llmarch {
namespace {

// Scale and minimum of one of the eight groups of q4_k: of the first four in the lower six bits of
// the bytes 0 to 7, of the others in the halves of bytes 8 to 11 and what is left of the bytes
// before.
std::pair<unsigned, unsigned> scale_and_minimum(StoredBlock packed, std::size_t group) {
  if (group < 4) return {byte_of(packed, group) & 63U, byte_of(packed, group + 4) & 63U};
  const unsigned halves = byte_of(packed, group + 4);
  return {(halves & 15U) + byte_of(packed, group - 4) / 64 * 16,
          halves / 16 + byte_of(packed, group) / 64 * 16};
}

// The 256 elements of q4_k and q5_k, in eight groups of 32. `quants` holds four bits of each: a
// group's in the lower halves of 32 bytes, and those of the next in the upper; `fifth` gives the
// fifth bit.
template <class Fifth>
void read_eight_groups(StoredBlock block, StoredBlock quants, const Fifth& fifth,
                       std::span<float> out) {
  const float d = f16_at(block, 0);
  const float d_minimum = f16_at(block, 2);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto [scale, minimum] = scale_and_minimum(block.subspan(4, 12), group);
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned both = byte_of(quants, group / 2 * 32 + i);
      const unsigned quant = (group % 2 == 0 ? both & 15U : both >> 4U) | fifth(group, i) << 4U;
      out[group * 32 + i] = d * static_cast<float>(scale) * static_cast<float>(quant) -
                            d_minimum * static_cast<float>(minimum);
    }
  }
}

// Two bits of an element of q2_k and q3_k: each half of a block has four quarters of 32 elements,
// which share 32 bytes.
unsigned two_bits(StoredBlock quants, std::size_t element) {
  return byte_of(quants, element / 128 * 32 + element % 32) >> element % 128 / 32 * 2 & 3U;
}

// The scale of one of the 16 groups of q3_k, 6 bits with a sign: the lower four bits of the first
// eight in the lower halves of bytes 0 to 7 and of the others in the upper, and two more bits of
// all in bytes 8 to 11.
int scale_of_sixteen(StoredBlock packed, std::size_t group) {
  const unsigned lower = byte_of(packed, group % 8) >> group / 8 * 4 & 15U;
  const unsigned upper = byte_of(packed, 8 + group % 4) >> group / 4 * 2 & 3U;
  return static_cast<int>(lower | upper << 4U) - 32;
}

}  // namespace

void read_q2_k(StoredBlock block, std::span<float> out) {
  for (std::size_t element = 0; element < 256; ++element) {
    const unsigned both = byte_of(block, element / 16);
    const unsigned quant = two_bits(block.subspan(16, 64), element);
    out[element] = f16_at(block, 80) * static_cast<float>((both & 15U) * quant) -
                   f16_at(block, 82) * static_cast<float>(both >> 4U);
  }
}

void read_q3_k(StoredBlock block, std::span<float> out) {
  for (std::size_t element = 0; element < 256; ++element) {
    const unsigned third = byte_of(block, element % 32) >> element / 32 & 1U;
    const unsigned quant = two_bits(block.subspan(32, 64), element) | third << 2U;
    const int scale = scale_of_sixteen(block.subspan(96, 12), element / 16);
    out[element] = f16_at(block, 108) * static_cast<float>(scale * (static_cast<int>(quant) - 4));
  }
}

void read_q4_k(StoredBlock block, std::span<float> out) {
  read_eight_groups(
      block, block.subspan(16), [](std::size_t, std::size_t) { return 0U; }, out);
}

void read_q5_k(StoredBlock block, std::span<float> out) {
  const auto fifth = [&](std::size_t group, std::size_t i) {
    return byte_of(block, 16 + i) >> group & 1U;
  };
  read_eight_groups(block, block.subspan(48), fifth, out);
}

// Each half of a block of q6_k has four quarters of 32 elements: the lower four bits of the first
// and third, and of the second and fourth, share a byte, and the upper two bits of all four.
void read_q6_k(StoredBlock block, std::span<float> out) {
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

// Eight groups of 32, each in the halves of 16 bytes; a scale of 6 bits with a sign each, the lower
// four in a byte of two groups and the upper two in a word of all.
void read_iq4_xs(StoredBlock block, std::span<float> out) {
  for (std::size_t element = 0; element < 256; ++element) {
    const std::size_t group = element / 32;
    const unsigned lower = byte_of(block, 4 + group / 2) >> group % 2 * 4 & 15U;
    const unsigned upper = static_cast<unsigned>(half_word(block, 2)) >> 2 * group & 3U;
    const int scale = static_cast<int>(lower | upper << 4U) - 32;
    const unsigned both = byte_of(block, 8 + group * 16 + element % 16);
    const unsigned code = element % 32 < 16 ? both & 15U : both >> 4U;
    out[element] = f16_at(block, 0) * static_cast<float>(scale * kNonLinear[code]);
  }
}

}  // namespace llmarch
