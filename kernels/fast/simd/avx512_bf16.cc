// The loops for AVX-512 with dot products of bf16 pairs and of bytes; every CPU that has the former
// has the latter.
#include "kernels/fast/simd/functions.h"
#include "kernels/fast/simd/lanes_avx512.h"
#include "kernels/fast/simd/limits.h"
#include "kernels/fast/simd/narrow.h"
#include "kernels/fast/simd/quantised.h"
#include "kernels/fast/simd/softmax.h"

namespace llmarch::fast::simd {
namespace {

using Lanes = Avx512LanesOf<struct WithBf16>;
using F32 = F32Operands<Lanes>;

struct PairOperands {
  using Lanes = simd::Avx512LanesOf<struct WithBf16>;
  using Right = __m512bh;
  static constexpr std::size_t kLeftBytes = 4;
  static constexpr int kParts = 1;
  static __m512bh left(const std::byte* p, int /*part*/) {
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(*reinterpret_cast<const int*>(p)));
  }
  static __m512bh right(const std::byte* p, int /*part*/) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p));
  }
  static __m512 multiply_add(__m512bh a, __m512bh b, __m512 sum) {
    return _mm512_dpbf16_ps(sum, a, b);
  }
  static void keep(std::byte* left, std::size_t i, __m512 x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(left + 2 * i),
                        reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
  }
  static __m512 element(const std::byte* panel, std::size_t input, std::size_t lane) {
    return Lanes::widen(panel + input / 2 * 256 + lane * 4, static_cast<int>(input % 2));
  }
};

void convert_to_pairs(const float* in, std::size_t columns, std::size_t steps, std::byte* left) {
  auto* const out = reinterpret_cast<std::uint16_t*>(left);
  const std::size_t all = 2 * steps;
  std::size_t i = 0;
  for (; i + 16 <= columns; i += 16) {
    const __m256bh pairs = _mm512_cvtneps_pbh(_mm512_loadu_ps(in + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), reinterpret_cast<__m256i>(pairs));
  }
  if (i < columns) {
    const __m256bh pairs = _mm512_cvtneps_pbh(Lanes::load_first(in + i, columns - i));
    _mm256_mask_storeu_epi16(out + i, Lanes::first(columns - i), reinterpret_cast<__m256i>(pairs));
  }
  for (i = columns; i < all; ++i) out[i] = 0;
}

// A register holds sixteen positions of two elements each. Every 64 bits of it, two positions of
// two elements, are shuffled into a pair of the two positions for each element; then blocks of 8 by
// 8 such pairs are transposed.
void turn_pairs_round(const std::byte* keys, std::size_t width, std::byte* values) {
  const __m512i swap =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
  for (std::size_t element = 0; element < width; element += 16) {
    const std::size_t panel = element / 64 * 64;
    const std::size_t line = (width - panel < 64 ? width - panel : 64) * 4;
    std::byte* const out = values + panel * 64 * 2 + (element - panel) * 4;
    for (std::size_t position = 0; position < 64; position += 16) {
      __m512i rows[8];
      LLMARCH_UNROLL for (std::size_t i = 0; i < 8; ++i) {
        const std::byte* const in = keys + (element / 2 + i) * 256 + position * 4;
        rows[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(in), swap);
      }
      Lanes::transpose(rows);
      LLMARCH_UNROLL for (std::size_t i = 0; i < 8; ++i) {
        _mm512_storeu_si512(out + (position / 2 + i) * line, rows[i]);
      }
    }
  }
}

template <class Operands, void (*Convert)(const float*, std::size_t, std::size_t, std::byte*)>
constexpr ProductKernels products(decltype(ProductKernels::turn) turn) {
  return {kTileRows,
          Operands::kLeftBytes,
          Convert,
          multiply_wide<Operands>,
          join_streams_wide<Operands>,
          3,
          {0, 4, 2, 2},
          part_streams_wide<Operands>,
          multiply_transposed<Operands>,
          softmax<Operands>,
          turn};
}

struct ByteDots {
  using Lanes = simd::Avx512LanesOf<struct WithBf16>;
  using Sums = __m512i;
  static constexpr int kVectors = 2;
  static constexpr int kFewRows = 3;
  static constexpr int kMostVectors = 4;
  static constexpr std::size_t kRows = 6;
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
  static __m512i left(const std::byte* p) {
    return _mm512_set1_epi32(*reinterpret_cast<const int*>(p));
  }
  static Sums add(Sums sums, __m512i right, __m512i left) {
    return _mm512_dpbusd_epi32(sums, right, left);
  }
  static __m512 floats(Sums sums) { return _mm512_cvtepi32_ps(sums); }
};

struct PairUnit {
  using Sum = __m512;
  static constexpr double kOperations = 64;
  static Sum start() { return _mm512_setzero_ps(); }
  static __m512i operand() { return _mm512_set1_epi32(0x3f803f80); }
  static Sum multiply_add(__m512i a, __m512i b, Sum sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};

struct ByteUnit {
  using Sum = __m512i;
  static constexpr double kOperations = 128;
  static Sum start() { return _mm512_setzero_si512(); }
  static __m512i operand() { return _mm512_set1_epi8(1); }
  static Sum multiply_add(__m512i a, __m512i b, Sum sum) { return _mm512_dpbusd_epi32(sum, a, b); }
};

using Floats = FloatUnit<Lanes>;

}  // namespace

const Kernels kAvx512Bf16{
    products<F32, convert_to_floats<F32>>(turn_f32<Lanes>),
    products<PairOperands, convert_to_pairs>(turn_pairs_round),
    quantised_kernels<ByteDots>(),
    narrow_kernels<Lanes>(),
    row_kernels<Lanes>(),
    {read<Lanes>, multiply_registers<Floats, 8, 16, 24>, multiply_registers<PairUnit, 12, 16, 24>,
     multiply_registers<ByteUnit, 12, 16, 24>}};

}  // namespace llmarch::fast::simd
