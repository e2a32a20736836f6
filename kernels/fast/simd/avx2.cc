// The loops for AVX2 with FMA.
#include "kernels/fast/simd/functions.h"
#include "kernels/fast/simd/lanes_avx2.h"
#include "kernels/fast/simd/limits.h"
#include "kernels/fast/simd/narrow.h"
#include "kernels/fast/simd/quantised.h"
#include "kernels/fast/simd/softmax.h"

namespace llmarch::fast::simd {
namespace {

using F32 = F32Operands<Avx2Lanes>;
using Bf16 = WidenedOperands<Avx2Lanes>;

template <class Operands>
constexpr ProductKernels products(decltype(ProductKernels::turn) turn) {
  return {kTileRows,
          Operands::kLeftBytes,
          convert_to_floats<Operands>,
          multiply_narrow<Operands>,
          join_streams_narrow<Operands>,
          1,
          {0, 4, 0, 0},
          part_streams_narrow<Operands>,
          multiply_transposed<Operands>,
          softmax<Operands>,
          turn};
}

// Bytes are widened to 16 bits: their products, added up in pairs, might not fit into fewer.
struct ByteDots {
  using Lanes = Avx2Lanes;
  using Sums = __m256i;
  static constexpr int kVectors = 1;
  static constexpr int kFewRows = 1;
  static constexpr int kMostVectors = 4;
  static constexpr std::size_t kRows = 4;
  struct Left {
    __m256i even, odd;
  };
  static Sums all(int x) { return _mm256_set1_epi32(x); }
  static Sums load(const std::byte* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Sums bits(Sums quants, int shift, char mask) {
    return _mm256_and_si256(_mm256_srli_epi16(quants, shift), _mm256_set1_epi8(mask));
  }
  static Sums join(Sums lower, Sums upper, int shift) {
    return _mm256_or_si256(lower, _mm256_slli_epi16(upper, shift));
  }
  static Sums number(const std::uint8_t (&numbers)[16], Sums codes) {
    return Lanes::look_up(numbers, codes);
  }
  static Left left(const std::byte* p) {
    const __m256i bytes = _mm256_set1_epi32(*reinterpret_cast<const int*>(p));
    return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
  }
  static Sums add(Sums sums, __m256i right, const Left& left) {
    const __m256i even = _mm256_and_si256(right, _mm256_set1_epi16(0xff));
    const __m256i odd = _mm256_srli_epi16(right, 8);
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(even, left.even));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(odd, left.odd));
  }
  static __m256 floats(Sums sums) { return _mm256_cvtepi32_ps(sums); }
};

// Products of unsigned and signed bytes, summed in fours: AVX2 takes three instructions for it.
struct ByteUnit {
  using Sum = __m256i;
  static constexpr double kOperations = 64;
  static Sum start() { return _mm256_setzero_si256(); }
  static __m256i operand() { return _mm256_set1_epi8(1); }
  static Sum multiply_add(__m256i a, __m256i b, Sum sum) {
    const __m256i pairs = _mm256_maddubs_epi16(a, b);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

using Floats = FloatUnit<Avx2Lanes>;

}  // namespace

const Kernels kAvx2{
    products<F32>(turn_f32<Avx2Lanes>),
    products<Bf16>(turn_bf16<Avx2Lanes>),
    quantised_kernels<ByteDots>(),
    narrow_kernels<Avx2Lanes>(),
    row_kernels<Avx2Lanes>(),
    {read<Avx2Lanes>, multiply_registers<Floats, 8, 10, 12>, multiply_registers<Floats, 8, 10, 12>,
     multiply_registers<ByteUnit, 4, 8, 10>}};

}  // namespace llmarch::fast::simd
