// How the elements of a cache are stored: in f32 or bf16, as products read them, or narrow, in
// which case attention widens a block of keys or values to bf16 before it multiplies with them.
// Storage is not arithmetic: what a narrow format saves is memory and bandwidth.
//
// This file knows the sizes, and the code of a single element. Where the codes of an entry lie is
// known by cache.h, and the vector loops that widen them are in simd/narrow.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "kernels/fast/stored.h"
#include "kernels/weight_files/float_formats.h"

namespace llmarch::fast {

// fp8: e4m3 without scales; what is beyond 448 becomes 448, as engines store it. q8_0: signed
// bytes, and for each 32 elements of a head's key or value a scale in f16, as in ggml.
enum class CacheFormat { f32, bf16, f16, fp8, q8_0 };

inline constexpr std::size_t kScaledTogether = 32;  // elements of q8_0

constexpr CacheFormat cache_format(Stored stored) {
  return stored == Stored::f32 ? CacheFormat::f32 : CacheFormat::bf16;
}

// What attention multiplies with.
constexpr Stored arithmetic_of(CacheFormat format) {
  return format == CacheFormat::f32 ? Stored::f32 : Stored::bf16;
}

// Whether elements are stored otherwise than products read them.
constexpr bool is_narrow(CacheFormat format) {
  return format != CacheFormat::f32 && format != CacheFormat::bf16;
}

constexpr std::size_t code_bytes(CacheFormat format) {
  switch (format) {
    case CacheFormat::f32: return 4;
    case CacheFormat::bf16:
    case CacheFormat::f16: return 2;
    case CacheFormat::fp8:
    case CacheFormat::q8_0: return 1;
  }
  throw std::logic_error("code_bytes: a format outside the enumeration");
}

// The scales of `width` elements that lie beside each other, which q8_0 keeps in f16.
constexpr std::size_t scales_of(CacheFormat format, std::size_t width) {
  return format == CacheFormat::q8_0 ? (width + kScaledTogether - 1) / kScaledTogether : 0;
}

// The bytes of as many elements, with their scales.
constexpr std::size_t entry_bytes(CacheFormat format, std::size_t width) {
  return width * code_bytes(format) + 2 * scales_of(format, width);
}

// Stores the code of `x` as the element `index` of those at `data`. In q8_0, x is divided by its
// scale already.
inline void store_code(CacheFormat format, std::byte* data, std::size_t index, float x) {
  switch (format) {
    case CacheFormat::f32: reinterpret_cast<float*>(data)[index] = x; return;
    case CacheFormat::bf16: reinterpret_cast<std::uint16_t*>(data)[index] = to_bf16(x); return;
    case CacheFormat::f16: reinterpret_cast<std::uint16_t*>(data)[index] = float_to_f16(x); return;
    case CacheFormat::fp8: data[index] = static_cast<std::byte>(float_to_e4m3(x)); return;
    case CacheFormat::q8_0:
      data[index] = static_cast<std::byte>(static_cast<std::int8_t>(x));
      return;
  }
  throw std::logic_error("store_code: a format outside the enumeration");
}

inline float value_of_code(CacheFormat format, const std::byte* data, std::size_t index) {
  switch (format) {
    case CacheFormat::f32: return reinterpret_cast<const float*>(data)[index];
    case CacheFormat::bf16: return from_bf16(reinterpret_cast<const std::uint16_t*>(data)[index]);
    case CacheFormat::f16: return f16_to_float(reinterpret_cast<const std::uint16_t*>(data)[index]);
    case CacheFormat::fp8: return e4m3_to_float(std::to_integer<std::uint8_t>(data[index]));
    case CacheFormat::q8_0:
      return static_cast<float>(
          static_cast<std::int8_t>(std::to_integer<std::uint8_t>(data[index])));
  }
  throw std::logic_error("value_of_code: a format outside the enumeration");
}

}  // namespace llmarch::fast
