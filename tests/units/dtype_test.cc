#include "sim/dtype.h"

#include <gtest/gtest.h>

#include <limits>

namespace llmarch {
namespace {

constexpr std::int64_t kMostElements = std::numeric_limits<std::int64_t>::max();

TEST(Bytes, AreTheElementsTimesTheWidthOfTheirFormat) {
  EXPECT_EQ(bytes_of(Elements(7), DType::f32), Bytes(7 * 4));
  EXPECT_EQ(bytes_of(Elements(7), DType::bf16), Bytes(7 * 2));
  EXPECT_EQ(bytes_of(Elements(7), DType::f16), Bytes(7 * 2));
  EXPECT_EQ(bytes_of(Elements(7), DType::fp8), Bytes(7));
  EXPECT_EQ(bytes_of(Elements(7), DType::int8), Bytes(7));
  EXPECT_EQ(bytes_of(Elements(8), DType::int4), Bytes(8 / 2));
}

TEST(Bytes, OfNothingAreNone) {
  for (const auto& [name, dtype] : kDTypes) {
    EXPECT_EQ(bytes_of(Elements(0), dtype), Bytes(0)) << name;
  }
}

TEST(Bytes, OfAnOddFourBitCountTakeTheHalfByteWithThem) {
  EXPECT_EQ(bytes_of(Elements(1), DType::int4), Bytes(1));
  EXPECT_EQ(bytes_of(Elements(2), DType::int4), Bytes(1));
  EXPECT_EQ(bytes_of(Elements(3), DType::int4), Bytes(2));
  EXPECT_EQ(bytes_of(Elements(9), DType::int4), Bytes(5));
  EXPECT_EQ(bytes_of(Elements(15), DType::int4), Bytes(8));
}

TEST(Bytes, OverflowOnlyWhereTheBytesDo) {
  // 2^63 - 1 bytes are the most: (2^63 - 1) / 4 elements of four bytes, rounded down, and no more.
  EXPECT_EQ(bytes_of(Elements(kMostElements / 4), DType::f32), Bytes(kMostElements / 4 * 4));
  EXPECT_THROW(bytes_of(Elements(kMostElements / 4 + 1), DType::f32), Overflow);
  EXPECT_EQ(bytes_of(Elements(kMostElements / 2), DType::bf16), Bytes(kMostElements - 1));
  EXPECT_THROW(bytes_of(Elements(kMostElements / 2 + 1), DType::bf16), Overflow);
  EXPECT_EQ(bytes_of(Elements(kMostElements), DType::fp8), Bytes(kMostElements));
  EXPECT_EQ(bytes_of(Elements(kMostElements), DType::int4), Bytes(kMostElements / 2 + 1));
}

TEST(AFormat, HasANameAndAWidth) {
  for (const auto& [name, dtype] : kDTypes) {
    EXPECT_EQ(name_of(dtype), name);
    EXPECT_GT(bits_of(dtype), 0) << name;
  }
}

TEST(AFormat, OutsideTheEnumerationIsAFaultOfOurs) {
  EXPECT_THROW(bits_of(static_cast<DType>(99)), std::logic_error);
}

}  // namespace
}  // namespace llmarch
