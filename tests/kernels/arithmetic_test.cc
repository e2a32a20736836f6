#include "kernels/reference/arithmetic.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace llmarch::reference {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kNear = 1e-14;

std::vector<double> softmax_of(std::vector<double> scores) {
  softmax(std::span(scores));
  return scores;
}

TEST(ADotProduct, SumsProducts) {
  const std::vector<double> left{1, 2, 3};
  const std::vector<float> right{4, -5, 6};
  EXPECT_EQ(dot(std::span<const double>(left), std::span<const float>(right)), 4 - 10 + 18);
}

TEST(AnAccumulatedProduct, AddsARowTimesAFactor) {
  const std::vector<float> row{1, -2};
  std::vector<double> sum{10, 20};
  accumulate_product(3.0, std::span<const float>(row), std::span(sum));
  EXPECT_THAT(sum, ElementsAre(10 + 3, 20 - 6));
}

// exp(0) = 1, exp(ln 2) = 2, exp(ln 5) = 5, of 8 together.
TEST(ASoftmax, IsTheShareOfEachExponential) {
  EXPECT_THAT(softmax_of({0, std::log(2.0), std::log(5.0)}),
              ElementsAre(DoubleNear(1.0 / 8, kNear), DoubleNear(2.0 / 8, kNear),
                          DoubleNear(5.0 / 8, kNear)));
}

TEST(ASoftmax, OfOneScoreIsOne) {
  EXPECT_THAT(softmax_of({-1000}), ElementsAre(1));
}

TEST(ASoftmax, OfEqualScoresIsEven) {
  EXPECT_THAT(softmax_of({7, 7, 7, 7}), ElementsAre(0.25, 0.25, 0.25, 0.25));
}

TEST(ASoftmax, DoesNotOverflowOnLargeScores) {
  EXPECT_THAT(softmax_of({10'000, 10'000 + std::log(3.0), -10'000}),
              ElementsAre(DoubleNear(1.0 / 4, 1e-11), DoubleNear(3.0 / 4, 1e-11), 0));
}

std::vector<double> rms(const std::vector<double>& in, const std::vector<float>& weight,
                        double epsilon) {
  std::vector<double> out(in.size());
  normalize_rms(std::span<const double>(in), std::span<const float>(weight), epsilon,
                std::span(out));
  return out;
}

// The mean square of 1 and 7 is 25.
TEST(AnRmsNorm, DividesByTheRootOfTheMeanSquare) {
  EXPECT_THAT(rms({1, 7}, {1, 10}, 0),
              ElementsAre(DoubleNear(1.0 / 5, kNear), DoubleNear(7.0 / 5 * 10, kNear)));
}

TEST(AnRmsNorm, AddsItsEpsilonBeforeTheRoot) {
  EXPECT_THAT(rms({1, 7}, {1, 1}, 11),
              ElementsAre(DoubleNear(1.0 / 6, kNear), DoubleNear(7.0 / 6, kNear)));
  EXPECT_THAT(rms({0, 0}, {1, 1}, 1e-6), ElementsAre(0, 0));
}

std::vector<double> layer_norm(const std::vector<double>& in, double epsilon,
                               const std::vector<float>& weight = {1, 2, 1, 1},
                               const std::vector<float>& bias = {0, 0, 10, 0}) {
  std::vector<double> out(in.size());
  normalize_layer(std::span<const double>(in), std::span<const float>(weight),
                  std::span<const float>(bias), epsilon, std::span(out));
  return out;
}

// Mean 5, deviations 1, 3, 1, 3 either way: a variance of (1 + 9 + 1 + 9) / 4 = 5, and 4 more is 9.
TEST(ALayerNorm, TakesTheMeanOffAndDividesByTheDeviation) {
  EXPECT_THAT(layer_norm({4, 2, 6, 8}, 4),
              ElementsAre(DoubleNear(-1.0 / 3, kNear), DoubleNear(-3.0 / 3 * 2, kNear),
                          DoubleNear(1.0 / 3 + 10, kNear), DoubleNear(3.0 / 3, kNear)));
}

TEST(ALayerNorm, MayLackItsBiasOrBothParameters) {
  EXPECT_THAT(layer_norm({4, 2, 6, 8}, 4, {1, 2, 1, 1}, {}),
              ElementsAre(DoubleNear(-1.0 / 3, kNear), DoubleNear(-3.0 / 3 * 2, kNear),
                          DoubleNear(1.0 / 3, kNear), DoubleNear(3.0 / 3, kNear)));
  EXPECT_THAT(layer_norm({4, 2, 6, 8}, 4, {}, {}),
              ElementsAre(DoubleNear(-1.0 / 3, kNear), DoubleNear(-3.0 / 3, kNear),
                          DoubleNear(1.0 / 3, kNear), DoubleNear(3.0 / 3, kNear)));
}

TEST(ALayerNorm, OfOneValueThroughoutIsItsBias) {
  EXPECT_THAT(layer_norm({3, 3, 3, 3}, 1e-5), ElementsAre(0, 0, 10, 0));
}

TEST(Sigmoid, IsAHalfAtZeroAndThreeQuartersAtLogThree) {
  EXPECT_EQ(sigmoid(0.0), 0.5);
  EXPECT_NEAR(sigmoid(std::log(3.0)), 0.75, kNear);
  EXPECT_NEAR(sigmoid(-std::log(3.0)), 0.25, kNear);
}

TEST(Silu, IsXTimesItsSigmoid) {
  EXPECT_EQ(activate(Activation::silu, 0.0), 0);
  EXPECT_NEAR(activate(Activation::silu, std::log(3.0)), std::log(3.0) * 0.75, kNear);
}

// Phi(1) = 0.841344746068542948..., the normal distribution's.
TEST(GeluByErf, IsXTimesTheNormalDistribution) {
  EXPECT_EQ(activate(Activation::gelu_erf, 0.0), 0);
  EXPECT_NEAR(activate(Activation::gelu_erf, 1.0), 0.8413447460685429, kNear);
  EXPECT_NEAR(activate(Activation::gelu_erf, -1.0), 0.8413447460685429 - 1, kNear);
}

// 0.5 (1 + tanh(sqrt(2 / pi) (1 + 0.044715)))
TEST(GeluByTanh, FollowsItsFormula) {
  const double inner = std::sqrt(2 / std::numbers::pi) * 1.044715;
  EXPECT_EQ(activate(Activation::gelu_tanh, 0.0), 0);
  EXPECT_NEAR(activate(Activation::gelu_tanh, 1.0), 0.5 * (1 + std::tanh(inner)), kNear);
  EXPECT_NEAR(activate(Activation::gelu_tanh, 1.0), 0.8411919906082768, 1e-13);
  const double twice = std::sqrt(2 / std::numbers::pi) * (2 + 0.044715 * 8);
  EXPECT_NEAR(activate(Activation::gelu_tanh, 2.0), 1 + std::tanh(twice), kNear);
}

TEST(Relu, KeepsWhatIsPositive) {
  EXPECT_EQ(activate(Activation::relu, 2.5), 2.5);
  EXPECT_EQ(activate(Activation::relu, 0.0), 0);
  EXPECT_EQ(activate(Activation::relu, -2.5), 0);
}

TEST(ATurn, MovesAPairOnItsCircle) {
  const auto quarter = turned(1.0, 0.0, 0.0, 1.0);
  EXPECT_EQ(quarter.first, 0);
  EXPECT_EQ(quarter.second, 1);
  const double root = std::sqrt(0.5);
  const auto eighth = turned(3.0, 4.0, root, root);
  EXPECT_NEAR(eighth.first, (3 - 4) * root, kNear);
  EXPECT_NEAR(eighth.second, (4 + 3) * root, kNear);
}

}  // namespace
}  // namespace llmarch::reference
