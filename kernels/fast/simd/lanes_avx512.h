// Sixteen lanes of AVX-512.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace llmarch::fast::simd {

// The tag makes a type for each instruction set, so that the linker never picks code that was
// compiled for a larger one.
template <class Tag>
struct Avx512LanesOf {
  using F = __m512;
  static constexpr std::size_t kWidth = 16;
  static F zero() { return _mm512_setzero_ps(); }
  static F all(float x) { return _mm512_set1_ps(x); }
  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, F x) { _mm512_storeu_ps(p, x); }
  static __mmask16 first(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1U); }
  static F load_first(const float* p, std::size_t count) {
    return _mm512_maskz_loadu_ps(first(count), p);
  }
  static void store_first(float* p, F x, std::size_t count) {
    _mm512_mask_storeu_ps(p, first(count), x);
  }
  // The first `count` lanes of x, the others of y.
  static F first_of(std::size_t count, F x, F y) {
    return _mm512_mask_blend_ps(first(count), y, x);
  }
  static F multiply(F a, F b) { return _mm512_mul_ps(a, b); }
  static F multiply_add(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F larger(F a, F b) { return _mm512_max_ps(a, b); }
  static F smaller(F a, F b) { return _mm512_min_ps(a, b); }
  static F nearest(F x) { return _mm512_roundscale_ps(x, 8); }
  static F times_power_of_two(F x, F n) { return _mm512_scalef_ps(x, n); }
  static float sum(F x) { return _mm512_reduce_add_ps(x); }
  static float largest(F x) { return _mm512_reduce_max_ps(x); }
  static F rounded_to_bf16(F x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const F rounded = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_srli_epi32(up, 16), 16));
    // Rounding up would carry a NaN's bits into its sign.
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_mask_blend_ps(nan, rounded, all(__builtin_nanf("")));
  }
  static F widen(const std::byte* p, int part) {
    const __m512i pairs = _mm512_loadu_si512(p);
    return _mm512_castsi512_ps(part == 0 ? _mm512_slli_epi32(pairs, 16)
                                         : _mm512_and_si512(pairs, _mm512_set1_epi32(-0x10000)));
  }
  // Each code becomes the number that it stands for.
  static __m512i look_up(const std::uint8_t (&numbers)[16], __m512i codes) {
    const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&numbers[0]));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), codes);
  }
  // The same of `count` codes in memory, a multiple of 64 of them.
  static void look_up(const std::uint8_t (&numbers)[16], std::byte* codes, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 64) {
      _mm512_storeu_si512(codes + i, look_up(numbers, _mm512_loadu_si512(codes + i)));
    }
  }
  [[gnu::always_inline]] static void prefetch(const std::byte* p) { _mm_prefetch(p, _MM_HINT_T0); }
  [[gnu::always_inline]] static void prefetch_far(const std::byte* p) {
    _mm_prefetch(p, _MM_HINT_T1);
  }

  // An 8 by 8 block of 64-bit elements, row k of the result being column k of the rows given.
  static void transpose(__m512i (&rows)[8]) {
    __m512i pairs[8];
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = _mm512_unpacklo_epi64(rows[i], rows[i + 1]);
      pairs[i + 1] = _mm512_unpackhi_epi64(rows[i], rows[i + 1]);
    }
    __m512i fours[8];
    for (int i = 0; i < 2; ++i) {
      fours[i] = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0x88);
      fours[i + 2] = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0xdd);
      fours[i + 4] = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0x88);
      fours[i + 6] = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0xdd);
    }
    for (int i = 0; i < 4; ++i) {
      rows[i] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0x88);
      rows[i + 4] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0xdd);
    }
  }
};

}  // namespace llmarch::fast::simd
