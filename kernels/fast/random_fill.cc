#include "kernels/fast/random_fill.h"

#include <array>
#include <cstring>

namespace llmarch::fast {
namespace {

// Sixteen generators side by side, so that the compiler can advance them in lanes (Marsaglia's
// xorshift; no state is zero).
struct Generators {
  std::array<std::uint32_t, 16> states{};

  explicit Generators(std::uint64_t seed) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      states[i] = static_cast<std::uint32_t>(mixed(seed, i)) | 1U;
    }
  }
  void advance() {
    for (std::uint32_t& x : states) {
      x ^= x << 13U;
      x ^= x >> 17U;
      x ^= x << 5U;
    }
  }
  // Draws evenly from (-limit, limit), where unit is limit / 2^31.
  void draw(float unit, float* out) {
    advance();
    for (std::size_t i = 0; i < states.size(); ++i) {
      out[i] = static_cast<float>(static_cast<std::int32_t>(states[i])) * unit;
    }
  }
};

}  // namespace

// The finaliser of SplitMix64.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t part) {
  std::uint64_t x = seed + (part + 1) * 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

void fill_randomly(Stored stored, std::byte* out, std::size_t count, std::uint64_t seed,
                   float limit) {
  Generators generators(seed);
  const float unit = limit / 2147483648.0F;
  for (std::size_t at = 0; at < count; at += 16) {
    std::array<float, 16> drawn{};
    generators.draw(unit, drawn.data());
    for (std::size_t i = 0; i < 16; ++i) {
      if (stored == Stored::f32) {
        reinterpret_cast<float*>(out)[at + i] = drawn[i];
      } else {
        // Drawn numbers are never NaN, so rounding needs no branch.
        const auto bits = std::bit_cast<std::uint32_t>(drawn[i]);
        reinterpret_cast<std::uint16_t*>(out)[at + i] =
            static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
      }
    }
  }
}

void fill_with_bits(std::byte* out, std::size_t bytes, std::uint64_t seed) {
  Generators generators(seed);
  for (std::size_t at = 0; at < bytes; at += sizeof(generators.states)) {
    generators.advance();
    std::memcpy(out + at, generators.states.data(), sizeof(generators.states));
  }
}

}  // namespace llmarch::fast
