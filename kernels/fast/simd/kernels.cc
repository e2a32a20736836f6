#include "kernels/fast/simd/kernels.h"

#include <stdexcept>

namespace llmarch::fast::simd {

const Kernels& kernels_of(Isa isa) {
#ifdef LLMARCH_X86_KERNELS
  switch (isa) {
    case Isa::portable: return kPortable;
    case Isa::avx2: return kAvx2;
    case Isa::avx512: return kAvx512;
    case Isa::avx512_bf16: return kAvx512Bf16;
  }
#else
  if (isa == Isa::portable) return kPortable;
#endif
  throw std::logic_error("kernels_of: an instruction set that is not available");
}

}  // namespace llmarch::fast::simd
