// Gated products with limits, sinks in a softmax, and xIELU, by numbers that can be redone by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/reference/arithmetic.h"

namespace llmarch::reference {
namespace {

constexpr GateForm kBare{Activation::relu};

TEST(AGatedProduct, IsTheActivatedGateTimesTheOther) {
  EXPECT_EQ(gated(kBare, 3.0, -2.0), -6);
  EXPECT_EQ(gated(kBare, -3.0, -2.0), 0);
}

TEST(AGatedProduct, HoldsBothFactorsWithinItsLimit) {
  const GateForm before{Activation::relu_squared, GateLimit{2, GateLimitPlace::before_activation}};
  EXPECT_EQ(gated(before, 3.0, 5.0), 4 * 2);
  EXPECT_EQ(gated(before, 3.0, -5.0), 4 * -2);
  const GateForm after{Activation::relu_squared, GateLimit{2, GateLimitPlace::after_activation}};
  EXPECT_EQ(gated(after, 3.0, 1.0), 2);
  EXPECT_EQ(gated(after, 1.0, 1.0), 1);
}

TEST(AGatedProduct, AddsItsOffsetToTheOther) {
  EXPECT_EQ(gated(GateForm{Activation::relu, std::nullopt, 1.0}, 3.0, 2.0), 3 * (2 + 1));
}

TEST(ASink, TakesItsShareOfTheSoftmax) {
  std::vector<double> scores{0, 0};
  softmax(std::span(scores), std::optional(0.0));
  EXPECT_THAT(scores, testing::Each(testing::DoubleEq(1.0 / 3)));
}

TEST(ASink, ThatIsAboveEveryScoreLeavesThemLittle) {
  std::vector<double> scores{-1000, -1000};
  softmax(std::span(scores), std::optional(1000.0));
  EXPECT_THAT(scores, testing::Each(0));
}

// Above 0: 2 x^2 + x / 2; below: 3 (e^x - 1 - x) + x / 2.
TEST(Xielu, IsASquareAboveNoughtAndAnExponentialBelow) {
  const Xielu xielu{0.5, -1e-6};
  EXPECT_DOUBLE_EQ(activate_xielu(xielu, {2, 3}, 4.0), 2 * 16 + 2);
  EXPECT_DOUBLE_EQ(activate_xielu(xielu, {2, 3}, -1.0), 3 * (std::exp(-1.0) - 1 + 1) - 0.5);
}

TEST(Xielu, MakesItsSlopesBySoftplus) {
  const XieluSlopes slopes = xielu_slopes({0.5, -1e-6}, 0, 0);
  EXPECT_DOUBLE_EQ(slopes.positive, std::log(2.0));
  EXPECT_DOUBLE_EQ(slopes.negative, 0.5 + std::log(2.0));
}

}  // namespace
}  // namespace llmarch::reference
