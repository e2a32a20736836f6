#include "sim/units.h"

#include <gtest/gtest.h>

#include <concepts>
#include <limits>
#include <string>

namespace llmarch {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

TEST(AnInteger, AddsUpToTheLargestAndNoFurther) {
  EXPECT_EQ(Integer(kMost - 1) + 1, kMost);
  EXPECT_EQ(1 + Integer(kMost - 1), kMost);
  EXPECT_THROW(Integer(kMost) + 1, Overflow);
  EXPECT_THROW(1 + Integer(kMost), Overflow);
}

TEST(AnInteger, AddsDownToTheSmallestAndNoFurther) {
  EXPECT_EQ(Integer(kLeast + 1) + -1, kLeast);
  EXPECT_THROW(Integer(kLeast) + -1, Overflow);
}

TEST(AnInteger, SubtractsToBothEndsAndNoFurther) {
  EXPECT_EQ(Integer(kLeast + 1) - 1, kLeast);
  EXPECT_THROW(Integer(kLeast) - 1, Overflow);
  EXPECT_EQ(Integer(kMost - 1) - -1, kMost);
  EXPECT_THROW(Integer(kMost) - -1, Overflow);
  EXPECT_EQ(Integer(0) - kMost, -kMost);
  EXPECT_THROW(Integer(0) - kLeast, Overflow);
}

TEST(AnInteger, MultipliesToBothEndsAndNoFurther) {
  // 2^62 - 1 and 2^62, on both sides of 2^63.
  EXPECT_EQ(Integer((std::int64_t{1} << 62) - 1) * 2, kMost - 1);
  EXPECT_THROW(Integer(std::int64_t{1} << 62) * 2, Overflow);
  EXPECT_THROW(2 * Integer(std::int64_t{1} << 62), Overflow);
  EXPECT_EQ(Integer(std::int64_t{1} << 62) * -2, kLeast);
  EXPECT_THROW(Integer((std::int64_t{1} << 62) + 1) * -2, Overflow);
  EXPECT_THROW(Integer(kLeast) * -1, Overflow);
  // 2^63 - 1 = 7 * 1317624576693539401
  EXPECT_EQ(Integer(1'317'624'576'693'539'401) * 7, kMost);
  EXPECT_THROW(Integer(1'317'624'576'693'539'402) * 7, Overflow);
}

TEST(AnInteger, IsCheckedInPlaceToo) {
  Integer sum = kMost - 1;
  sum += 1;
  EXPECT_EQ(sum, kMost);
  EXPECT_THROW(sum += 1, Overflow);
  EXPECT_EQ(sum, kMost) << "what overflows changes nothing";
  Integer product = kMost;
  EXPECT_THROW(product *= 2, Overflow);
  EXPECT_EQ(product, kMost);
}

TEST(AnOverflow, SaysWhatWasAskedOfIt) {
  try {
    (void)(Integer(kMost) * 2);
    FAIL() << "it passed";
  } catch (const Overflow& overflow) {
    EXPECT_EQ(std::string(overflow.what()), "9223372036854775807 * 2 does not fit in 64 bits");
  }
}

TEST(AnInteger, DividesTowardsZero) {
  EXPECT_EQ(Integer(7) / 2, 3);
  EXPECT_EQ(Integer(-7) / 2, -3);
  EXPECT_EQ(Integer(7) % 2, 1);
  EXPECT_EQ(Integer(-7) % 2, -1);
}

TEST(ACount, AddsUpToTheLargestAndNoFurther) {
  EXPECT_EQ(Flops(kMost - 1) + Flops(1), Flops(kMost));
  EXPECT_THROW(Flops(kMost) + Flops(1), Overflow);
  Flops sum(kMost);
  EXPECT_THROW(sum += Flops(1), Overflow);
}

TEST(ACount, SubtractsToTheSmallestAndNoFurther) {
  EXPECT_EQ(Bytes(kLeast + 1) - Bytes(1), Bytes(kLeast));
  EXPECT_THROW(Bytes(kLeast) - Bytes(1), Overflow);
}

TEST(ACount, IsRepeatedUpToTheLargestAndNoFurther) {
  EXPECT_EQ(Elements(1'317'624'576'693'539'401) * 7, Elements(kMost));
  EXPECT_THROW(Elements(1'317'624'576'693'539'402) * 7, Overflow);
  EXPECT_THROW(7 * Elements(1'317'624'576'693'539'402), Overflow);
}

template <class Left, class Right>
concept Addable = requires(Left left, Right right) {
  left + right;
};

TEST(ACount, IsNeverAddedToACountOfAnotherKind) {
  EXPECT_TRUE((Addable<Flops, Flops>));
  EXPECT_FALSE((Addable<Flops, Transcendentals>));
  EXPECT_FALSE((Addable<Bytes, Elements>));
  EXPECT_FALSE((Addable<Bytes, Integer>));
  EXPECT_FALSE((std::convertible_to<std::int64_t, Bytes>));
}

}  // namespace
}  // namespace llmarch
