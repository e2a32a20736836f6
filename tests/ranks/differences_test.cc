// Does the comparison of ranks with the whole model see every difference, and none where there is
// none?
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/ranks/ranked.h"

namespace llmarch {
namespace {

constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinite = std::numeric_limits<float>::infinity();

TEST(ADifference, IsRelativeToWhatIsAboveOne) {
  EXPECT_EQ(largest_difference({1, 0.5F, -8}, {1, 0.5F, -8}), 0);
  EXPECT_EQ(largest_difference({1, 0.25F}, {1, 0.5F}), 0.25);
  EXPECT_EQ(largest_difference({6, 1}, {8, 1}), 0.25);
}

TEST(ADifference, IsNoneBetweenTwoThatAreNoNumbers) {
  EXPECT_EQ(largest_difference({1, kNotANumber}, {1, kNotANumber}), 0);
  EXPECT_EQ(largest_difference({1, kNotANumber, 6}, {1, kNotANumber, 8}), 0.25);
}

// Wherever else NaN stands beside NaN, and whatever follows.
TEST(ADifference, IsThereIfOneAloneIsNoNumber) {
  for (const float number : {0.0F, 1.0F, kInfinite, -kInfinite}) {
    EXPECT_TRUE(std::isnan(largest_difference({kNotANumber, 1}, {number, 1})));
    EXPECT_TRUE(std::isnan(largest_difference({number, 1}, {kNotANumber, 1})));
    EXPECT_TRUE(
        std::isnan(largest_difference({kNotANumber, number, 5}, {kNotANumber, kNotANumber, 1})));
  }
}

TEST(ADifference, IsNoneBetweenEqualInfinitiesAlone) {
  EXPECT_EQ(largest_difference({kInfinite, -kInfinite}, {kInfinite, -kInfinite}), 0);
  for (const float other : {0.0F, std::numeric_limits<float>::max(), -kInfinite}) {
    EXPECT_FALSE(std::isfinite(largest_difference({kInfinite}, {other})));
    EXPECT_FALSE(std::isfinite(largest_difference({other}, {kInfinite})));
  }
}

TEST(ADifference, IsThereIfTheLengthsAreNotTheSame) {
  EXPECT_TRUE(std::isnan(largest_difference({1}, {1, 1})));
  EXPECT_TRUE(std::isnan(largest_difference({}, {kNotANumber})));
}

}  // namespace
}  // namespace llmarch
