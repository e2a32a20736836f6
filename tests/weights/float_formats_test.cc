#include "kernels/weight_files/float_formats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace llmarch {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(HalfPrecision, NormalNumbersKeepTheirValue) {
  EXPECT_EQ(f16_to_float(0x3c00), 1.0F);
  EXPECT_EQ(f16_to_float(0xc000), -2.0F);
  EXPECT_EQ(f16_to_float(0x3555), 1365.0F / 4096.0F);      // the half nearest to a third
  EXPECT_EQ(f16_to_float(0x7bff), 65504.0F);               // the largest
  EXPECT_EQ(f16_to_float(0x0400), std::ldexp(1.0F, -14));  // the smallest normal one
}

TEST(HalfPrecision, SubnormalNumbersKeepTheirValue) {
  EXPECT_EQ(f16_to_float(0x0001), std::ldexp(1.0F, -24));
  EXPECT_EQ(f16_to_float(0x8003), -std::ldexp(3.0F, -24));
  EXPECT_EQ(f16_to_float(0x03ff), std::ldexp(1023.0F, -24));
}

TEST(HalfPrecision, BothZerosKeepTheirSign) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(f16_to_float(0x0000)), 0U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(f16_to_float(0x8000)), 0x80000000U);
}

TEST(HalfPrecision, InfinityAndNanStayWhatTheyAre) {
  EXPECT_EQ(f16_to_float(0x7c00), kInfinity);
  EXPECT_EQ(f16_to_float(0xfc00), -kInfinity);
  EXPECT_TRUE(std::isnan(f16_to_float(0x7e00)));
  EXPECT_TRUE(std::isnan(f16_to_float(0xfc01)));
}

// An independent formula for all of them: (-1)^s * 2^(e-15) * (1 + f/1024).
TEST(HalfPrecision, EveryNormalNumberAgreesWithTheDefinition) {
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const int exponent = static_cast<int>(bits >> 10U & 0x1fU);
    if (exponent == 0 || exponent == 31) continue;
    const double value = std::ldexp(1.0 + (bits & 0x3ffU) / 1024.0, exponent - 15);
    EXPECT_EQ(f16_to_float(static_cast<std::uint16_t>(bits)), bits >> 15U != 0 ? -value : value);
  }
}

TEST(HalfPrecision, GivesBackEveryNumberThatItHolds) {
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (std::isnan(f16_to_float(half))) {
      EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(f16_to_float(half)))));
    } else {
      EXPECT_EQ(float_to_f16(f16_to_float(half)), half);
    }
  }
}

// Halfway between two neighbours lies the even one, and just beside it the nearer one.
TEST(HalfPrecision, TakesTheNearestAndOfTwoTheEven) {
  for (std::uint32_t bits = 0; bits < 0x7bffU; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const auto next = static_cast<std::uint16_t>(bits + 1);
    const float middle = (f16_to_float(half) + f16_to_float(next)) / 2;
    EXPECT_EQ(float_to_f16(middle), bits % 2 == 0 ? half : next);
    EXPECT_EQ(float_to_f16(std::nextafter(middle, 0.0F)), half);
    EXPECT_EQ(float_to_f16(-std::nextafter(middle, kInfinity)), next | 0x8000U);
  }
}

TEST(HalfPrecision, MakesInfinityOfWhatIsTooLarge) {
  EXPECT_EQ(float_to_f16(65519.0F), 0x7bff);
  EXPECT_EQ(float_to_f16(65520.0F), 0x7c00);
  EXPECT_EQ(float_to_f16(-kInfinity), 0xfc00);
}

TEST(Bfloat16, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(bf16_to_float(0x3f80), 1.0F);
  EXPECT_EQ(bf16_to_float(0xc040), -3.0F);
  EXPECT_EQ(bf16_to_float(0x0001), std::bit_cast<float>(0x00010000U));  // subnormal
  EXPECT_EQ(bf16_to_float(0x7f80), kInfinity);
  EXPECT_TRUE(std::isnan(bf16_to_float(0x7fc0)));
}

}  // namespace
}  // namespace llmarch
