// How the blocks of ggml's types are read: what is shared by dequantise.cc, which has the blocks of
// 32 elements, and dequantise_k.cc, which has those of 256.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernels/weight_files/float_formats.h"

namespace llmarch {

using StoredBlock = std::span<const std::byte>;

inline unsigned byte_of(StoredBlock bytes, std::size_t index) {
  return std::to_integer<unsigned>(bytes[index]);
}

inline int signed_byte_of(StoredBlock bytes, std::size_t index) {
  return static_cast<std::int8_t>(std::to_integer<std::uint8_t>(bytes[index]));
}

inline std::uint16_t half_word(StoredBlock bytes, std::size_t at) {
  std::uint16_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

inline float f16_at(StoredBlock bytes, std::size_t at) {
  return f16_to_float(half_word(bytes, at));
}

// The sixteen numbers that the codes of iq4_nl and iq4_xs stand for, closer to each other near 0.
inline constexpr int kNonLinear[16]{-127, -104, -83, -65, -49, -35, -22, -10,
                                    1,    13,   25,  38,  53,  69,  89,  113};

// The magnitudes that the lower three bits of e2m1 stand for (OCP Microscaling Formats 1.0).
inline constexpr std::array<float, 8> kFp4Magnitudes{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};

void read_q2_k(StoredBlock block, std::span<float> out);
void read_q3_k(StoredBlock block, std::span<float> out);
void read_q4_k(StoredBlock block, std::span<float> out);
void read_q5_k(StoredBlock block, std::span<float> out);
void read_q6_k(StoredBlock block, std::span<float> out);
void read_iq4_xs(StoredBlock block, std::span<float> out);

}  // namespace llmarch
