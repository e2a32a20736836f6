#include "kernels/weight_files/block_writers.h"

// The blocks of 256 elements: see dequantise_k.cc.
namespace llmarch {
namespace {

struct Group {
  float scale, minimum;  // elements are scale * quant - minimum, with quants from 0 to `most`
};

Group group_of(FloatRow row, int most) {
  const auto [least, largest] = std::ranges::minmax(row);
  const float below = std::min(least, 0.0F);
  return {(std::max(largest, 0.0F) - below) / static_cast<float>(most), -below};
}

// The groups of a block, each with a scale and a minimum that are whole multiples of two numbers
// which the block has in f16.
template <std::size_t kGroups>
struct ScaledGroups {
  static constexpr std::size_t kEach = 256 / kGroups;
  std::array<unsigned, kGroups> scales{}, minima{};
  std::uint16_t scale_half = 0, minimum_half = 0;

  // Quants up to `most`, multiples up to `most_multiple`.
  ScaledGroups(FloatRow row, int most, int most_multiple) {
    std::array<Group, kGroups> groups{};
    Group largest{};
    for (std::size_t g = 0; g < kGroups; ++g) {
      groups[g] = group_of(row.subspan(g * kEach, kEach), most);
      largest.scale = std::max(largest.scale, groups[g].scale);
      largest.minimum = std::max(largest.minimum, groups[g].minimum);
    }
    scale_half = float_to_f16(largest.scale / static_cast<float>(most_multiple));
    minimum_half = float_to_f16(largest.minimum / static_cast<float>(most_multiple));
    for (std::size_t g = 0; g < kGroups; ++g) {
      scales[g] = static_cast<unsigned>(quant_of(groups[g].scale, d(), 0, most_multiple));
      minima[g] = static_cast<unsigned>(quant_of(groups[g].minimum, d_minimum(), 0, most_multiple));
    }
  }
  [[nodiscard]] float d() const { return f16_to_float(scale_half); }
  [[nodiscard]] float d_minimum() const { return f16_to_float(minimum_half); }
  [[nodiscard]] unsigned code(FloatRow row, std::size_t element, int most) const {
    const std::size_t g = element / kEach;
    const float raised = row[element] + d_minimum() * static_cast<float>(minima[g]);
    return static_cast<unsigned>(quant_of(raised, d() * static_cast<float>(scales[g]), 0, most));
  }
};

// The scales and minima of eight groups, 6 bits each, in 12 bytes: see dequantise.cc.
void append_six_bits(const std::array<unsigned, 8>& scales, const std::array<unsigned, 8>& minima,
                     StoredBytes& to) {
  for (std::size_t i = 0; i < 4; ++i) append(to, scales[i] | scales[i + 4] >> 4U << 6U);
  for (std::size_t i = 0; i < 4; ++i) append(to, minima[i] | minima[i + 4] >> 4U << 6U);
  for (std::size_t i = 4; i < 8; ++i) append(to, (scales[i] & 15U) | (minima[i] & 15U) << 4U);
}

// Four bits of codes, in the order of q4_k and q5_k: those of a group and of the next share bytes.
template <class Code>
void append_group_pairs(const Code& code, StoredBytes& to) {
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t element = i / 32 * 64 + i % 32;
    append(to, (code(element) & 15U) | (code(element + 32) & 15U) << 4U);
  }
}

// Two bits of codes, in the order of q2_k and q3_k.
template <class Code>
void append_two_bits(const Code& code, StoredBytes& to) {
  for (std::size_t i = 0; i < 64; ++i) {
    unsigned byte = 0;
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      byte |= (code(i / 32 * 128 + quarter * 32 + i % 32) & 3U) << 2 * quarter;
    }
    append(to, byte);
  }
}

// One scale for each group, a whole multiple from -31 to 31 of a number in f16. The scale makes
// `least`, of which there is no opposite, of the group's element of the largest magnitude.
template <std::size_t kGroups>
struct SignedScales {
  std::array<int, kGroups> factors{};
  std::uint16_t half = 0;

  SignedScales(FloatRow row, int least) {
    std::array<float, kGroups> scales{};
    constexpr std::size_t kEach = 256 / kGroups;
    float largest = 0;
    for (std::size_t g = 0; g < kGroups; ++g) {
      scales[g] = extreme_of(row.subspan(g * kEach, kEach)) / static_cast<float>(least);
      largest = std::max(largest, std::abs(scales[g]));
    }
    half = float_to_f16(largest / 31);
    for (std::size_t g = 0; g < kGroups; ++g) {
      factors[g] = quant_of(scales[g], f16_to_float(half), -31, 31);
    }
  }
  [[nodiscard]] float scale(std::size_t group) const {
    return f16_to_float(half) * static_cast<float>(factors[group]);
  }
  // As they are stored, 32 more.
  [[nodiscard]] unsigned stored(std::size_t group) const {
    return static_cast<unsigned>(factors[group] + 32);
  }
};

}  // namespace

void write_q2_k(FloatRow row, StoredBytes& to) {
  const ScaledGroups<16> groups(row, 3, 15);
  for (std::size_t g = 0; g < 16; ++g) append(to, groups.scales[g] | groups.minima[g] << 4U);
  append_two_bits([&](std::size_t element) { return groups.code(row, element, 3); }, to);
  append_word(to, groups.scale_half);
  append_word(to, groups.minimum_half);
}

void write_q3_k(FloatRow row, StoredBytes& to) {
  const SignedScales<16> scales(row, -4);
  const auto code = [&](std::size_t element) {
    return static_cast<unsigned>(quant_of(row[element], scales.scale(element / 16), -4, 3) + 4);
  };
  for (std::size_t i = 0; i < 32; ++i) {
    unsigned third = 0;
    for (std::size_t part = 0; part < 8; ++part) third |= code(part * 32 + i) >> 2U << part;
    append(to, third);
  }
  append_two_bits(code, to);
  for (std::size_t g = 0; g < 8; ++g) {
    append(to, (scales.stored(g) & 15U) | (scales.stored(g + 8) & 15U) << 4U);
  }
  for (std::size_t g = 0; g < 4; ++g) {
    unsigned upper = 0;
    for (std::size_t part = 0; part < 4; ++part) {
      upper |= scales.stored(part * 4 + g) >> 4U << 2 * part;
    }
    append(to, upper);
  }
  append_word(to, scales.half);
}

void write_q4_k(FloatRow row, StoredBytes& to) {
  const ScaledGroups<8> groups(row, 15, 63);
  append_word(to, groups.scale_half);
  append_word(to, groups.minimum_half);
  append_six_bits(groups.scales, groups.minima, to);
  append_group_pairs([&](std::size_t element) { return groups.code(row, element, 15); }, to);
}

void write_q5_k(FloatRow row, StoredBytes& to) {
  const ScaledGroups<8> groups(row, 31, 63);
  append_word(to, groups.scale_half);
  append_word(to, groups.minimum_half);
  append_six_bits(groups.scales, groups.minima, to);
  const auto code = [&](std::size_t element) { return groups.code(row, element, 31); };
  for (std::size_t i = 0; i < 32; ++i) {
    unsigned fifth = 0;
    for (std::size_t group = 0; group < 8; ++group) fifth |= code(group * 32 + i) >> 4U << group;
    append(to, fifth);
  }
  append_group_pairs(code, to);
}

void write_q6_k(FloatRow row, StoredBytes& to) {
  std::array<float, 16> scales{};
  for (std::size_t g = 0; g < 16; ++g) scales[g] = largest_magnitude(row.subspan(g * 16, 16)) / 31;
  const std::uint16_t half = float_to_f16(*std::ranges::max_element(scales) / 127);
  const float d = f16_to_float(half);
  std::array<int, 16> factors{};
  for (std::size_t g = 0; g < 16; ++g) factors[g] = quant_of(scales[g], d, 0, 127);
  const auto code = [&](std::size_t element) {
    const float scale = d * static_cast<float>(factors[element / 16]);
    return static_cast<unsigned>(quant_of(row[element], scale, -32, 31) + 32);
  };
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t element = i / 64 * 128 + i % 64;
    append(to, (code(element) & 15U) | (code(element + 64) & 15U) << 4U);
  }
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t element = i / 32 * 128 + i % 32;
    unsigned upper = 0;
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      upper |= code(element + quarter * 32) >> 4U << 2 * quarter;
    }
    append(to, upper);
  }
  for (const int factor : factors) append(to, static_cast<unsigned>(factor));
  append_word(to, half);
}

void write_iq4_xs(FloatRow row, StoredBytes& to) {
  const SignedScales<8> scales(row, kNonLinear[0]);
  append_word(to, scales.half);
  unsigned upper = 0;
  for (std::size_t g = 0; g < 8; ++g) upper |= scales.stored(g) >> 4U << 2 * g;
  append_word(to, static_cast<std::uint16_t>(upper));
  for (std::size_t g = 0; g < 8; g += 2) {
    append(to, (scales.stored(g) & 15U) | (scales.stored(g + 1) & 15U) << 4U);
  }
  for (std::size_t g = 0; g < 8; ++g) {
    append_halves(row.subspan(g * 32, 32), to,
                  [&](float x) { return non_linear_code(x, scales.scale(g)); });
  }
}

}  // namespace llmarch
