// The loops for AVX-512 without bf16 dot products: pairs are widened to floats.
#include "kernels/fast/simd/functions.h"
#include "kernels/fast/simd/lanes_avx512.h"
#include "kernels/fast/simd/limits.h"
#include "kernels/fast/simd/narrow.h"
#include "kernels/fast/simd/quantised.h"
#include "kernels/fast/simd/softmax.h"

namespace llmarch::fast::simd {
namespace {

using Lanes = Avx512LanesOf<struct WithoutBf16>;
using F32 = F32Operands<Lanes>;
using Bf16 = WidenedOperands<Lanes>;

template <class Operands>
constexpr ProductKernels products(decltype(ProductKernels::turn) turn) {
  return {kTileRows,
          Operands::kLeftBytes,
          convert_to_floats<Operands>,
          multiply_wide<Operands>,
          join_streams_wide<Operands>,
          3,
          {0, 4, 2, 2},
          part_streams_wide<Operands>,
          multiply_transposed<Operands>,
          softmax<Operands>,
          turn};
}

// Bytes are widened to 16 bits: their products, added up in pairs, might not fit into fewer.
struct ByteDots {
  using Lanes = simd::Avx512LanesOf<struct WithoutBf16>;
  using Sums = __m512i;
  static constexpr int kVectors = 2;
  static constexpr int kFewRows = 2;
  static constexpr int kMostVectors = 4;
  static constexpr std::size_t kRows = 4;
  struct Left {
    __m512i even, odd;
  };
  static Sums all(int x) { return _mm512_set1_epi32(x); }
  static Sums load(const std::byte* p) { return _mm512_loadu_si512(p); }
  static Sums bits(Sums quants, int shift, char mask) {
    return _mm512_and_si512(_mm512_srli_epi16(quants, static_cast<unsigned>(shift)),
                            _mm512_set1_epi8(mask));
  }
  static Sums join(Sums lower, Sums upper, unsigned shift) {
    return _mm512_or_si512(lower, _mm512_slli_epi16(upper, shift));
  }
  static Sums number(const std::uint8_t (&numbers)[16], Sums codes) {
    return Lanes::look_up(numbers, codes);
  }
  static Left left(const std::byte* p) {
    const __m512i bytes = _mm512_set1_epi32(*reinterpret_cast<const int*>(p));
    return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
  }
  static Sums add(Sums sums, __m512i right, const Left& left) {
    const __m512i even = _mm512_and_si512(right, _mm512_set1_epi16(0xff));
    const __m512i odd = _mm512_srli_epi16(right, 8);
    sums = _mm512_add_epi32(sums, _mm512_madd_epi16(even, left.even));
    return _mm512_add_epi32(sums, _mm512_madd_epi16(odd, left.odd));
  }
  static __m512 floats(Sums sums) { return _mm512_cvtepi32_ps(sums); }
};

struct ByteUnit {
  using Sum = __m512i;
  static constexpr double kOperations = 128;
  static Sum start() { return _mm512_setzero_si512(); }
  static __m512i operand() { return _mm512_set1_epi8(1); }
  static Sum multiply_add(__m512i a, __m512i b, Sum sum) {
    const __m512i pairs = _mm512_maddubs_epi16(a, b);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
};

using Floats = FloatUnit<Lanes>;

}  // namespace

const Kernels kAvx512{
    products<F32>(turn_f32<Lanes>),
    products<Bf16>(turn_bf16<Lanes>),
    quantised_kernels<ByteDots>(),
    narrow_kernels<Lanes>(),
    row_kernels<Lanes>(),
    {read<Lanes>, multiply_registers<Floats, 8, 16, 24>, multiply_registers<Floats, 8, 16, 24>,
     multiply_registers<ByteUnit, 8, 12, 24>}};

}  // namespace llmarch::fast::simd
