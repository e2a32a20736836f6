// The instruction sets that the fast kernels are written for, and which of them this CPU has. This
// file knows nothing of what is computed with them.
#pragma once

#include <string_view>
#include <vector>

namespace llmarch::fast {

// portable: whatever the compiler makes of plain code on this architecture. avx2: with FMA. avx512:
// F, BW, VL and DQ. avx512_bf16: those, and dot products of bf16 pairs.
enum class Isa { portable, avx2, avx512, avx512_bf16 };

std::string_view name_of(Isa isa);

// Those that this CPU and its operating system run, the best last. Never empty.
std::vector<Isa> available_isas();
Isa best_isa();

}  // namespace llmarch::fast
