// Operations that multiply or cap what is there, on numbers that can be followed by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/kernels/one_step.h"

namespace llmarch {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

auto near_scaled(double value) {
  return DoubleNear(value, 1e-12);
}

// Strength 0.5, floor 3: positions 0 and 1 are below the first step, 2 to 4 on it, 5 on the second.
TEST(ATemperature, GrowsWithTheLogarithmOfTheStepsOfItsFloor) {
  OneStep step({1, 0, 6});
  const ValueId in = step.value(1, {10, 10, 10, 10, 10, 10});
  const ValueId out = step.value(1);
  const double first = 10 * (1 + 0.5 * std::log(2.0));
  const double second = 10 * (1 + 0.5 * std::log(3.0));
  EXPECT_THAT(step.run(ScaleByPosition{{0.5, 3}, in, out}),
              ElementsAre(near_scaled(10), near_scaled(10), near_scaled(first), near_scaled(first),
                          near_scaled(first), near_scaled(second)));
}

// Strength 0.5, floor 2: position 1 is on the first step where positions are counted from one, and
// below it where they are counted from zero.
TEST(ATemperature, MayCountPositionsFromZero) {
  OneStep step({1, 0, 3});
  const ValueId in = step.value(1, {10, 10, 10});
  const ValueId out = step.value(1);
  const double first = 10 * (1 + 0.5 * std::log(2.0));
  EXPECT_THAT(step.run(ScaleByPosition{{0.5, 2, false}, in, out}),
              ElementsAre(near_scaled(10), near_scaled(first), near_scaled(first)));
  EXPECT_THAT(step.run(ScaleByPosition{{0.5, 2, true}, in, out}),
              ElementsAre(near_scaled(10), near_scaled(10), near_scaled(first)));
}

TEST(AClip, BringsEachElementWithinItsBound) {
  OneStep step({1, 0, 1});
  const ValueId in = step.value(4, {-3, -0.5, 0.25, 7});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(Clip{0.5, in, out}), ElementsAre(-0.5, -0.5, 0.25, 0.5));
}

TEST(ATemperature, CountsThePositionsOfThePast) {
  OneStep step({1, 8, 1});
  const ValueId in = step.value(2, {1, -2});
  const ValueId out = step.value(2);
  const double third = 1 + 0.5 * std::log(4.0);
  EXPECT_THAT(step.run(ScaleByPosition{{0.5, 3}, in, out}),
              ElementsAre(near_scaled(third), near_scaled(-2 * third)));
}

// Position 8 is beyond a length of 2, and log2 8 = 3; up to the length nothing grows.
TEST(TheGrowthOfScores, IsOfTheLogarithmOfThePositionToThatOfTheLength) {
  EXPECT_EQ(score_growth_at(std::nullopt, 1000), 1);
  EXPECT_EQ(score_growth_at(Integer(2), 0), 1);
  EXPECT_EQ(score_growth_at(Integer(2), 2), 1);
  EXPECT_DOUBLE_EQ(score_growth_at(Integer(2), 8), 3);
  EXPECT_DOUBLE_EQ(score_growth_at(Integer(1024), 131'072), 1.7);
}

TEST(AScale, MultipliesEveryElement) {
  OneStep step({1, 0, 2});
  const ValueId in = step.value(2, {1, 2, 3, 4});
  const ValueId out = step.value(2);
  EXPECT_THAT(step.run(Scale{2.5, in, out}), ElementsAre(2.5, 5, 7.5, 10));
}

TEST(ACap, IsTanhBetweenItsBounds) {
  OneStep step({1, 0, 1});
  const ValueId in = step.value(4, {0, 3, -3, 300});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(SoftCap{3, in, out}),
              ElementsAre(0, near_scaled(3 * std::tanh(1.0)), near_scaled(-3 * std::tanh(1.0)),
                          near_scaled(3)));
}

// Sigmoids of 0 and ln 3: a half and three quarters.
TEST(AGateOfRows, IsOneSigmoidForEachRow) {
  OneStep step({1, 0, 2});
  const ValueId gate = step.value(1, {0, std::log(3.0)});
  const ValueId in = step.value(2, {8, 4, 8, 4});
  const ValueId out = step.value(2);
  EXPECT_THAT(step.run(GateRows{gate, in, out}), ElementsAre(4, 2, near_scaled(6), near_scaled(3)));
}

// The mean squares of (3, 4) and of (6, 8) are 12.5 and 50.
TEST(ANormWithoutAWeight, DividesByTheRootOfTheMeanSquare) {
  OneStep step({1, 0, 1});
  const ValueId in = step.value(4, {3, 4, 6, 8});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(Normalize{NormKind::rms, 0, 2, std::nullopt, std::nullopt, in, out}),
              ElementsAre(near_scaled(3 / std::sqrt(12.5)), near_scaled(4 / std::sqrt(12.5)),
                          near_scaled(6 / std::sqrt(50.0)), near_scaled(8 / std::sqrt(50.0))));
}

// One expert with gate, up and down of 1 and a weight of a half, given 2: with relu 2 x 2 or 1 x 1.
TEST(AnExpertsWeight, MultipliesWhatItGivesOrWhatItIsGiven) {
  for (const auto& [weighted, given] : {std::pair(Weighted::output, 0.5 * (2 * 2)),
                                        std::pair(Weighted::input, (0.5 * 2) * (0.5 * 2))}) {
    OneStep step({1, 0, 1});
    const WeightId gate = step.weight(WeightRole::expert_gate, 1, 1, {1});
    const WeightId up = step.weight(WeightRole::expert_up, 1, 1, {1});
    const WeightId down = step.weight(WeightRole::expert_down, 1, 1, {1});
    const ValueId in = step.value(1, {2});
    const ValueId choice = step.value(2, {0, 0.5});
    const ValueId out = step.value(1);
    EXPECT_THAT(
        step.run(RunExperts{{Activation::relu}, weighted, 1, 1, gate, up, down, in, choice, out}),
        ElementsAre(near_scaled(given)));
  }
}

}  // namespace
}  // namespace llmarch
