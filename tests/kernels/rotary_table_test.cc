// The angles of rotary positions, region by region.
#include "kernels/reference/rotary_table.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace llmarch {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

auto near_factor(double value) {
  return DoubleNear(value, 1e-12 * std::abs(value));
}

Rotary plain(double theta) {
  return {theta, RotaryLayout::half_split, std::nullopt};
}

Rotary stretched(double theta, RotaryScaling scaling) {
  return {theta, RotaryLayout::half_split, std::move(scaling)};
}

TEST(APlainTable, HasPowersOfTheta) {
  const RotaryTable table = rotary_table(plain(10'000), 8, 1);
  EXPECT_THAT(table.frequencies,
              ElementsAre(near_factor(1), near_factor(0.1), near_factor(0.01), near_factor(0.001)));
  EXPECT_EQ(table.factor, 1);
}

TEST(APlainTable, OfOnePairTurnsOneRadianPerPosition) {
  EXPECT_THAT(rotary_table(plain(500'000), 2, 1).frequencies, ElementsAre(1));
}

TEST(LinearScaling, SlowsEveryWaveByItsFactor) {
  const RotaryTable table = rotary_table(stretched(1000, LinearScaling{8}), 6, 1);
  EXPECT_THAT(table.frequencies,
              ElementsAre(near_factor(1.0 / 8), near_factor(0.1 / 8), near_factor(0.01 / 8)));
  EXPECT_EQ(table.factor, 1);
}

// Frequencies 1, 0.1 and 0.01 turn 40.7, 4.07 and 0.407 times in 256 positions: above 10, between 1
// and 10, below 1.
TEST(Llama3Scaling, KeepsShortWavesSlowsLongOnesAndBlendsBetween) {
  const RotaryTable table = rotary_table(stretched(1000, Llama3Scaling{8, 1, 10, 256}), 6, 1);
  const double kept = (256 * 0.1 / (2 * std::numbers::pi) - 1) / (10 - 1);
  EXPECT_THAT(table.frequencies,
              ElementsAre(near_factor(1), near_factor(0.1 / 8 * (1 - kept) + 0.1 * kept),
                          near_factor(0.01 / 8)));
  EXPECT_EQ(table.factor, 1);
}

// 4.07 turns are above 2 and below 6.
TEST(Llama3Scaling, WithEqualFactorsHasNothingBetween) {
  EXPECT_THAT(rotary_table(stretched(1000, Llama3Scaling{8, 2, 2, 256}), 6, 1).frequencies,
              ElementsAre(near_factor(1), near_factor(0.1), near_factor(0.01 / 8)));
  EXPECT_THAT(rotary_table(stretched(1000, Llama3Scaling{8, 6, 6, 256}), 6, 1).frequencies,
              ElementsAre(near_factor(1), near_factor(0.1 / 8), near_factor(0.01 / 8)));
}

YarnScaling yarn() {
  return {40, 4096, 32, 1, {}, {}, {}};
}

// In 4096 positions a wave turns 32 times at pair 8 ln(4096 / (32 x 2 pi)) / (2 ln 10000) = 1.31
// and once at pair 2.81: rounded outwards, pair 1 is kept, pair 3 is slowed, pair 2 is halfway.
TEST(YarnScaling, KeepsShortWavesSlowsLongOnesAndRampsBetween) {
  EXPECT_THAT(rotary_table(stretched(10'000, yarn()), 8, 1).frequencies,
              ElementsAre(near_factor(1), near_factor(0.1),
                          near_factor(0.01 / 40 * 0.5 + 0.01 * 0.5), near_factor(0.001 / 40)));
}

// Pair 2.81 rounded down and up: 2 is kept, 3 is slowed.
TEST(YarnScaling, WithEqualBetasIsAStep) {
  YarnScaling scaling = yarn();
  scaling.beta_fast = 1;
  EXPECT_THAT(
      rotary_table(stretched(10'000, scaling), 8, 1).frequencies,
      ElementsAre(near_factor(1), near_factor(0.1), near_factor(0.01), near_factor(0.001 / 40)));
}

// In 4 positions no wave turns once; both ends of the ramp are pair 0, which alone is kept.
TEST(YarnScaling, WithBothEndsOnOnePairDividesByNothing) {
  YarnScaling scaling = yarn();
  scaling.original_context = 4;
  scaling.beta_fast = 1;
  EXPECT_THAT(rotary_table(stretched(10'000, scaling), 8, 1).frequencies,
              ElementsAre(near_factor(1), near_factor(0.1 / 40), near_factor(0.01 / 40),
                          near_factor(0.001 / 40)));
}

double factor(const YarnScaling& scaling) {
  return rotary_table(stretched(10'000, scaling), 8, 1).factor;
}

// m(s) = 0.1 s ln(factor) + 1
TEST(YarnScaling, MultipliesItsTablesByMOfOne) {
  EXPECT_DOUBLE_EQ(factor(yarn()), 0.1 * std::log(40) + 1);
}

TEST(YarnScaling, WithBothMscalesMultipliesItsTablesByTheirRatio) {
  YarnScaling scaling = yarn();
  scaling.mscale = 1.0;
  scaling.mscale_all_dim = 1.0;
  EXPECT_EQ(factor(scaling), 1);
  scaling.mscale_all_dim = 0.5;
  EXPECT_DOUBLE_EQ(factor(scaling), (0.1 * std::log(40) + 1) / (0.05 * std::log(40) + 1));
}

TEST(YarnScaling, WithOneMscaleOnlyTakesNoNoticeOfIt) {
  YarnScaling scaling = yarn();
  scaling.mscale = 0.5;
  EXPECT_DOUBLE_EQ(factor(scaling), 0.1 * std::log(40) + 1);
  scaling.mscale.reset();
  scaling.mscale_all_dim = 0.5;
  EXPECT_DOUBLE_EQ(factor(scaling), 0.1 * std::log(40) + 1);
}

TEST(YarnScaling, TakesAnAttentionFactorBeforeAllElse) {
  YarnScaling scaling = yarn();
  scaling.mscale = 1.0;
  scaling.mscale_all_dim = 0.5;
  scaling.attention_factor = 1.25;
  EXPECT_EQ(factor(scaling), 1.25);
}

TEST(YarnScaling, ThatStretchesNothingChangesNothing) {
  YarnScaling scaling = yarn();
  scaling.factor = 1;
  const RotaryTable table = rotary_table(stretched(10'000, scaling), 8, 1);
  EXPECT_THAT(table.frequencies,
              ElementsAre(near_factor(1), near_factor(0.1), near_factor(0.01), near_factor(0.001)));
  EXPECT_EQ(table.factor, 1);
}

}  // namespace
}  // namespace llmarch
