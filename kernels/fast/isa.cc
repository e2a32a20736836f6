#include "kernels/fast/isa.h"

#include <stdexcept>

namespace llmarch::fast {
namespace {

bool available(Isa isa) {
#ifdef LLMARCH_X86_KERNELS
  switch (isa) {
    case Isa::portable: return true;
    case Isa::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::avx512:
      return available(Isa::avx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq");
    case Isa::avx512_bf16: return available(Isa::avx512) && __builtin_cpu_supports("avx512bf16");
  }
  throw std::logic_error("available: an instruction set outside the enumeration");
#else
  return isa == Isa::portable;
#endif
}

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::portable: return "portable";
    case Isa::avx2: return "AVX2";
    case Isa::avx512: return "AVX-512";
    case Isa::avx512_bf16: return "AVX-512 with bf16";
  }
  throw std::logic_error("name_of: an instruction set outside the enumeration");
}

std::vector<Isa> available_isas() {
  std::vector<Isa> found;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512_bf16}) {
    if (available(isa)) found.push_back(isa);
  }
  return found;
}

Isa best_isa() {
  return available_isas().back();
}

}  // namespace llmarch::fast
