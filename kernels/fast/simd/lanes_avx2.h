// Eight lanes of AVX2 with FMA.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace llmarch::fast::simd {

struct Avx2Lanes {
  using F = __m256;
  static constexpr std::size_t kWidth = 8;
  static F zero() { return _mm256_setzero_ps(); }
  static F all(float x) { return _mm256_set1_ps(x); }
  static F load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, F x) { _mm256_storeu_ps(p, x); }
  static __m256i first(std::size_t count) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lanes);
  }
  static F load_first(const float* p, std::size_t count) {
    return _mm256_maskload_ps(p, first(count));
  }
  static void store_first(float* p, F x, std::size_t count) {
    _mm256_maskstore_ps(p, first(count), x);
  }
  // The first `count` lanes of x, the others of y.
  static F first_of(std::size_t count, F x, F y) {
    return _mm256_blendv_ps(y, x, _mm256_castsi256_ps(first(count)));
  }
  static F multiply(F a, F b) { return _mm256_mul_ps(a, b); }
  static F multiply_add(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F larger(F a, F b) { return _mm256_max_ps(a, b); }
  static F smaller(F a, F b) { return _mm256_min_ps(a, b); }
  static F nearest(F x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static F times_power_of_two(F x, F n) {
    const __m256i shift = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), shift));
  }
  static float sum(F x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  static float largest(F x) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }
  static F rounded_to_bf16(F x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const F rounded = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_srli_epi32(up, 16), 16));
    // Rounding up would carry a NaN's bits into its sign.
    return _mm256_blendv_ps(rounded, all(__builtin_nanf("")), _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  }
  // The even or the odd elements of pairs of bf16.
  static F widen(const std::byte* p, int part) {
    const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm256_castsi256_ps(part == 0 ? _mm256_slli_epi32(pairs, 16)
                                         : _mm256_and_si256(pairs, _mm256_set1_epi32(-0x10000)));
  }
  // Each code becomes the number that it stands for.
  static __m256i look_up(const std::uint8_t (&numbers)[16], __m256i codes) {
    const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&numbers[0]));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), codes);
  }
  // The same of `count` codes in memory, a multiple of 64 of them.
  static void look_up(const std::uint8_t (&numbers)[16], std::byte* codes, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 32) {
      auto* const at = reinterpret_cast<__m256i*>(codes + i);
      _mm256_storeu_si256(at, look_up(numbers, _mm256_loadu_si256(at)));
    }
  }
  [[gnu::always_inline]] static void prefetch(const std::byte* p) { _mm_prefetch(p, _MM_HINT_T0); }
  [[gnu::always_inline]] static void prefetch_far(const std::byte* p) {
    _mm_prefetch(p, _MM_HINT_T1);
  }
};

}  // namespace llmarch::fast::simd
