// The number formats that single elements can have. A tensor in one of them has no scales or zero
// points; storage_format.h knows the formats that have.
#pragma once

#include <string_view>

#include "sim/enumerators.h"
#include "sim/units.h"

namespace llmarch {

enum class DType { f32, bf16, f16, fp8, int8, int4, fp4 };

inline constexpr auto kDTypes = each_named<DType>({{"f32", DType::f32},
                                                   {"bf16", DType::bf16},
                                                   {"f16", DType::f16},
                                                   {"fp8", DType::fp8},
                                                   {"int8", DType::int8},
                                                   {"int4", DType::int4},
                                                   {"fp4", DType::fp4}});

constexpr std::string_view name_of(DType dtype) {
  return kDTypes.at(static_cast<std::size_t>(dtype)).first;
}

constexpr Integer bits_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return 32;
    case DType::bf16:
    case DType::f16: return 16;
    case DType::fp8:
    case DType::int8: return 8;
    case DType::int4:
    case DType::fp4: return 4;
  }
  throw std::logic_error("bits_of: a dtype outside the enumeration");
}

// Whole bytes; an odd number of four-bit elements takes the half byte with it. Divides before it
// multiplies, so that it overflows only when the bytes do.
constexpr Integer bytes_of_bits(Integer count, Integer bits) {
  return count / 8 * bits + (count % 8 * bits + 7) / 8;
}

constexpr Bytes bytes_of(Elements elements, DType dtype) {
  return Bytes(bytes_of_bits(elements.amount(), bits_of(dtype)));
}

}  // namespace llmarch
