// How many distinct experts uneven loads leave, by hand.
#include "sim/cost/skew.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "sim/cost/cost_curve.h"
#include "sim/graph/lower.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kRounding = 1e-12;

Skew measured(std::vector<double> loads) {
  return {"loads", MeasuredLoads{std::move(loads)}};
}

// Loads of 1, 1/2, 1/3 and 1/4: the first two of four experts have 18 of 25 parts, where half of
// them would be even.
TEST(Imbalance, IsTheLoadOfTheBusiestRankOverTheMean) {
  EXPECT_NEAR(imbalance(chances({"", PowerLaw{1}}, 4, 1), 2), 18.0 / 25 / (1.0 / 2), 1e-12);
  EXPECT_NEAR(imbalance(chances({"", PowerLaw{0}}, 4, 2), 2), 1, 1e-12);
}

// By their numbers, and not by how often they are chosen: the third of four ranks is the busiest.
TEST(Imbalance, TakesMeasuredExpertsInTheirOrder) {
  EXPECT_NEAR(imbalance(chances({"", MeasuredLoads{{1, 2, 4, 1}}}, 4, 1), 4), 4.0 / 8 * 4, 1e-12);
}

// Of four experts the busiest of two ranks has those that are chosen with the chances 3/4 and 0. Of
// four rows at least one chooses the first but for 1 in 256 times, and three of them run it; in
// three layers.
TEST(TheBusiestRank, ReadsAndRunsItsExpertsAsOftenAsTheyAreChosen) {
  ExpertReads experts{Driver::token, 2, 1, Elements(256), Bytes(512), 3, 2};
  experts.ranks = 2;
  experts.run.matrix = Flops(5);
  const auto its = of_busiest(chances(measured({1, 1, 6, 0}), 4, 1), 2);
  const Work work = skewed_work(experts, its, 4);
  EXPECT_EQ(work.weights_read.value(), 3 * 255);
  EXPECT_EQ(work.weight_bytes_read.value(), 3 * 2 * 255);
  EXPECT_EQ(work.matrix.value(), 3 * 4 * 3 / 4 * 5);
}

TEST(Chances, AreInProportionToTheLoads) {
  EXPECT_THAT(chances(measured({2, 1, 1}), 3, 1),
              ElementsAre(DoubleNear(0.5, kRounding), DoubleNear(0.25, kRounding),
                          DoubleNear(0.25, kRounding)));
}

// In proportion, the first of two choices would have a chance of 2 x 8/10.
TEST(Chances, AreAtMostOneAndTheOthersShareTheRest) {
  EXPECT_THAT(chances(measured({8, 1, 1}), 3, 2),
              ElementsAre(DoubleEq(1), DoubleNear(0.5, kRounding), DoubleNear(0.5, kRounding)));
}

TEST(Chances, ThatAreAllOneAreEveryExpert) {
  EXPECT_THAT(chances(measured({8, 1}), 2, 2),
              ElementsAre(DoubleNear(1, kRounding), DoubleNear(1, kRounding)));
}

// 1, 1/2 and 1/3 add up to 11/6.
TEST(Chances, FollowAPowerLaw) {
  const Skew harmonic{"a power law of 1", PowerLaw{1}};
  EXPECT_THAT(chances(harmonic, 3, 1),
              ElementsAre(DoubleNear(6.0 / 11, kRounding), DoubleNear(3.0 / 11, kRounding),
                          DoubleNear(2.0 / 11, kRounding)));
}

TEST(Chances, AreRefusedForLoadsOfOtherExperts) {
  EXPECT_THROW(chances(measured({1, 1}), 3, 1), std::invalid_argument);
  EXPECT_THROW(chances(measured({1, 0, 0}), 3, 2), std::invalid_argument);
}

// Three rows miss an expert of chance 1/2 with 1/8, one of 1/4 with 27/64.
TEST(DistinctExperts, AreThoseThatNotAllRowsMiss) {
  EXPECT_NEAR(distinct_experts({0.5, 0.25, 0.25}, 3), 7.0 / 8 + 2 * 37.0 / 64, kRounding);
}

TEST(APowerLawOfNought, IsUniformRouting) {
  const Skew even{"a power law of 0", PowerLaw{0}};
  EXPECT_NEAR(distinct_experts(chances(even, 8, 2), 5), expected_distinct_experts(8, 2, 5),
              kRounding);
}

// The more uneven the loads, the fewer experts are read; never fewer than a row chooses. Under
// uniform routing each layer's elements are whole, and these layers have few.
TEST(TheFloorUnderASkew, LiesBetweenTheFewestExpertsAndUniformRouting) {
  const OpGraph graph = lower(tiny_model(tiny_grouped(), tiny_mixture()));
  const Rates rates{DType::bf16, 1e15, 3e12};
  const CostCurve curve(graph, Phase::decode, 4);
  const double uniform = FloorCurve(curve, rates, ExpertLoad::uniform).at(10).seconds;
  const double fewest = FloorCurve(curve, rates, ExpertLoad::fewest).at(10).seconds;
  const auto skewed = [&](double exponent) {
    return FloorCurve(curve, rates, Skew{"", PowerLaw{exponent}}).at(10).seconds;
  };
  EXPECT_NEAR(skewed(0) / uniform, 1, 1e-3);
  EXPECT_LT(skewed(1), uniform);
  EXPECT_LT(skewed(4), skewed(1));
  EXPECT_GE(skewed(100), fewest * (1 - 1e-9));
}

}  // namespace
}  // namespace llmarch
