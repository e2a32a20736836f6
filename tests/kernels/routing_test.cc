// Which experts are chosen, and by what weight.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/kernels/one_step.h"

namespace llmarch {
namespace {

using reference::keep_best_groups;
using reference::largest;
using testing::DoubleNear;
using testing::ElementsAre;

std::vector<std::size_t> best(const std::vector<double>& scores, std::size_t count) {
  return largest(std::span<const double>(scores), count);
}

TEST(TheLargest, AreGivenInAscendingOrderOfTheirPlace) {
  EXPECT_THAT(best({1, 9, 3, 7}, 2), ElementsAre(1, 3));
  EXPECT_THAT(best({9, 1, 7, 3}, 3), ElementsAre(0, 2, 3));
}

TEST(TheLargest, OfEqualsAreTheFirst) {
  EXPECT_THAT(best({5, 5, 5, 5}, 2), ElementsAre(0, 1));
  EXPECT_THAT(best({1, 5, 9, 5, 5}, 3), ElementsAre(1, 2, 3));
}

TEST(TheLargest, IsWhatIsNotANumber) {
  EXPECT_THAT(best({5, std::nan(""), 9}, 1), ElementsAre(1));
}

std::vector<bool> kept(const ExpertGroups& groups, std::vector<double> choice) {
  keep_best_groups(groups, std::span(choice));
  std::vector<bool> finite;
  for (const double score : choice) finite.push_back(std::isfinite(score));
  return finite;
}

// Groups of three: the two best of each sum up to 9, 10 and 5.
TEST(Groups, AreAsGoodAsTheirTwoBestExperts) {
  EXPECT_THAT(kept({3, 1}, {9, 0, 0, 5, 5, 0, 2, 2, 3}),
              ElementsAre(false, false, false, true, true, true, false, false, false));
  EXPECT_THAT(kept({3, 2}, {9, 0, 0, 5, 5, 0, 2, 2, 3}),
              ElementsAre(true, true, true, true, true, true, false, false, false));
}

// The best of each: 9, 5 and 3.
TEST(Groups, MayBeAsGoodAsTheirBestExpert) {
  EXPECT_THAT(kept({3, 1, GroupScore::best}, {9, 0, 0, 5, 5, 0, 2, 2, 3}),
              ElementsAre(true, true, true, false, false, false, false, false, false));
}

TEST(Groups, ThatAreEquallyGoodAreTakenFromTheFirst) {
  EXPECT_THAT(kept({2, 1}, {1, 2, 2, 1}), ElementsAre(true, true, false, false));
}

// One token with the hidden state 1, so that the router's products are its rows.
std::vector<double> routed(const Router& router, Integer chosen, std::vector<float> products,
                           std::vector<float> correction = {}) {
  OneStep step({1, 0, 1});
  const Integer experts = std::ssize(products);
  const ValueId in = step.value(1, {1});
  const ValueId out = step.value(2 * chosen);
  Route op{router, experts, chosen, 0, std::nullopt, in, out};
  op.weight = step.weight(WeightRole::router, experts, 1, std::move(products));
  if (!correction.empty()) {
    op.correction_bias =
        step.weight(WeightRole::router_correction_bias, 1, experts, std::move(correction));
  }
  return step.run(op);
}

auto near_product(double value) {
  return DoubleNear(value, 1e-6);
}  // the products are floats

float log_of(float value) {
  return std::log(value);
}

// Logits 8, 6, 2 and a jitter of 0.2: the distances from 8 are 0, 2/8, 6/8, and those above 0.4 are
// left out. The first is weighted against 8 and 6; the second, without the first, against 6 alone,
// for 4/6 is above 0.4.
TEST(ASparsemixer, WeighsEachExpertAgainstThoseThatAreLeftAndNear) {
  Router router;
  router.scoring = Scoring::sparsemixer;
  router.jitter = 0.2;
  EXPECT_THAT(routed(router, 2, {2, 8, 6}),
              ElementsAre(1, 2, near_product(1 / (1 + std::exp(-2.0))), near_product(1)));
  router.jitter = 0.35;
  EXPECT_THAT(routed(router, 2, {2, 8, 6}),
              ElementsAre(1, 2, near_product(1 / (1 + std::exp(-2.0))),
                          near_product(1 / (1 + std::exp(-4.0)))));
}

// Below zero the bound is the expert's own logit: (-1 + 4) / 4 = 3/4.
TEST(ASparsemixer, MeasuresTheDistanceByTheLargerOfTheTwo) {
  Router router;
  router.scoring = Scoring::sparsemixer;
  router.jitter = 0.374;
  EXPECT_THAT(routed(router, 1, {-1, -4}), ElementsAre(0, near_product(1)));
  router.jitter = 0.376;
  EXPECT_THAT(routed(router, 1, {-1, -4}), ElementsAre(0, near_product(1 / (1 + std::exp(-3.0)))));
}

// Softmax of ln 1, ln 4, ln 2, ln 3: tenths.
TEST(ASoftmaxRouter, WeighsTheChosenByTheirShareOfAll) {
  EXPECT_THAT(routed({}, 2, {log_of(1), log_of(4), log_of(2), log_of(3)}),
              ElementsAre(1, 3, near_product(0.4), near_product(0.3)));
}

TEST(ARouter, MakesTheChosenWeightsSumUpToOne) {
  Router router;
  router.normalized_weights = true;
  EXPECT_THAT(routed(router, 2, {log_of(1), log_of(4), log_of(2), log_of(3)}),
              ElementsAre(1, 3, near_product(4.0 / 7), near_product(3.0 / 7)));
  router.weight_scale = 2.5;
  EXPECT_THAT(routed(router, 2, {log_of(1), log_of(4), log_of(2), log_of(3)}),
              ElementsAre(1, 3, near_product(2.5 * 4 / 7), near_product(2.5 * 3 / 7)));
}

// Sigmoids of -ln 3, ln 3 and 0: a quarter, three quarters, a half.
TEST(ASigmoidRouter, WeighsEachByItself) {
  Router router;
  router.scoring = Scoring::sigmoid;
  EXPECT_THAT(routed(router, 2, {-log_of(3), log_of(3), 0}),
              ElementsAre(1, 2, near_product(0.75), near_product(0.5)));
}

TEST(ACorrection, EntersTheChoiceAndNotTheWeight) {
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = true;
  EXPECT_THAT(routed(router, 1, {-log_of(3), log_of(3), 0}, {1, 0, 0}),
              ElementsAre(0, near_product(0.25)));
}

// The best expert stands in a group that is not chosen.
TEST(AGroupedRouter, ChoosesOnlyFromTheBestGroups) {
  Router router;
  router.scoring = Scoring::sigmoid;
  router.groups = ExpertGroups{2, 1};
  EXPECT_THAT(routed(router, 1, {log_of(3), -9, 0, 0}), ElementsAre(2, near_product(0.5)));
}

}  // namespace
}  // namespace llmarch
