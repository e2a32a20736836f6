#include "kernels/measure/spread.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

TEST(Spread, OfAnOddNumberOfSamplesHasTheMiddleOneAsMedian) {
  const Spread spread = spread_of({5, 1, 4, 2, 3});
  EXPECT_EQ(spread.median, 3);
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.most, 5);
  EXPECT_EQ(spread.lower_quartile, 2);
  EXPECT_EQ(spread.upper_quartile, 4);
  EXPECT_EQ(spread.samples, 5U);
}

TEST(Spread, OfAnEvenNumberOfSamplesHasAMedianBetweenTheMiddleTwo) {
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
}

TEST(Spread, OfOneSampleIsThatSample) {
  const Spread spread = spread_of({7});
  EXPECT_EQ(spread.median, 7);
  EXPECT_EQ(spread.least, 7);
  EXPECT_EQ(spread.most, 7);
  EXPECT_EQ(spread.relative_width(), 0);
}

TEST(Spread, OfNothingIsRefused) {
  EXPECT_THROW(spread_of({}), std::invalid_argument);
}

// Quartiles 2 and 4 around 3: two thirds.
TEST(RelativeWidth, IsTheMiddleHalfAsAPartOfTheMedian) {
  EXPECT_DOUBLE_EQ(spread_of({1, 2, 3, 4, 5}).relative_width(), 2.0 / 3);
}

TEST(RelativeWidth, IsNotMovedByOneReadingFarOff) {
  EXPECT_FALSE(too_wide(spread_of({10, 10, 10, 10, 1000})));
  EXPECT_TRUE(too_wide(spread_of({10, 10, 10, 1000, 1000})));
}

// 12 tokens in 2, 3 and 4 seconds: 6, 4 and 3 a second.
TEST(Rate, IsHighestWhereTheTimeIsLeast) {
  const Spread rate = rate_of(12, spread_of({2, 3, 4}));
  EXPECT_EQ(rate.median, 4);
  EXPECT_EQ(rate.least, 3);
  EXPECT_EQ(rate.most, 6);
  EXPECT_EQ(rate.samples, 3U);
}

}  // namespace
}  // namespace llmarch
