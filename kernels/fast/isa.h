// The instruction sets that the fast kernels are written for, and which of them this CPU has.
#pragma once

#include <string_view>
#include <vector>

namespace llmarch::fast {

// portable: plain code, as the compiler translates it for this architecture. avx2: with FMA.
// avx512: F, BW, VL and DQ. avx512_bf16: those, and dot products of bf16 pairs.
enum class Isa { portable, avx2, avx512, avx512_bf16 };

std::string_view name_of(Isa isa);

// Those that this CPU and its operating system support, the best last. Never empty.
std::vector<Isa> available_isas();
Isa best_isa();

}  // namespace llmarch::fast
