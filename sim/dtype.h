// The number formats that weights and caches can be stored in. Scales and zero points of quantised
// formats are not counted: every element of a tensor has this width and nothing more.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "sim/units.h"

namespace llmarch {

enum class DType { f32, bf16, f16, fp8, int8, int4 };

inline constexpr std::array kDTypes{std::pair{std::string_view("f32"), DType::f32},
                                    std::pair{std::string_view("bf16"), DType::bf16},
                                    std::pair{std::string_view("f16"), DType::f16},
                                    std::pair{std::string_view("fp8"), DType::fp8},
                                    std::pair{std::string_view("int8"), DType::int8},
                                    std::pair{std::string_view("int4"), DType::int4}};

constexpr std::string_view name_of(DType dtype) {
  for (const auto& [name, candidate] : kDTypes) {
    if (candidate == dtype) return name;
  }
  return "?";  // unreachable: kDTypes lists every value
}

constexpr Integer bits_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return 32;
    case DType::bf16:
    case DType::f16: return 16;
    case DType::fp8:
    case DType::int8: return 8;
    case DType::int4: return 4;
  }
  throw std::logic_error("bits_of: a dtype outside the enumeration");
}

// Whole bytes; an odd number of four-bit elements takes the half byte with it. Divides before it
// multiplies, so that it overflows only when the bytes do.
constexpr Bytes bytes_of(Elements elements, DType dtype) {
  const Integer bits = bits_of(dtype);
  const Integer count = elements.amount();
  return Bytes(count / 8 * bits + (count % 8 * bits + 7) / 8);
}

}  // namespace llmarch
