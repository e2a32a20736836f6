// Synthetic contents of weights and caches: numbers that look random, made at the speed of memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/fast/stored.h"

namespace llmarch::fast {

// The seed for part number `part` of something whose seed is `seed`.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t part);

// `count` elements, a multiple of 16, each drawn evenly from (-limit, limit).
void fill_randomly(Stored stored, std::byte* out, std::size_t count, std::uint64_t seed,
                   float limit);

// `bytes` bytes, a multiple of 64, of random bits.
void fill_with_bits(std::byte* out, std::size_t bytes, std::uint64_t seed);

}  // namespace llmarch::fast
