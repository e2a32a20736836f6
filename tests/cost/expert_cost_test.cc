// Routers and experts. Hidden 10; 2 of 8 experts of width 9, each with 3 x 9 x 10 elements.
#include <cmath>

#include "sim/cost/price.h"
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

ArchSpec with_router(const Router& router) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.router = router;
  return tiny_model(tiny_grouped(), mixture);
}

Flops routing(const Router& router) {
  return priced(with_router(router), kDecode, "router").other;
}

TEST(ASoftmaxRouter, TakesThreeAndAnExpForEachExpert) {
  EXPECT_EQ(priced(with_router({}), kDecode, "router"), by_hand({.matrix = 2 * 2 * 10 * 8,
                                                                 .other = 2 * (3 * 8),
                                                                 .transcendentals = 2 * 8,
                                                                 .weights = 8 * 10,
                                                                 .read = 2 * 10,
                                                                 .written = 2 * (2 + 2)}));
}

TEST(ASigmoidRouter, TakesTwoAndAnExpForEachExpert) {
  Router router;
  router.scoring = Scoring::sigmoid;
  EXPECT_EQ(priced(with_router(router), kPrefill, "router"), by_hand({.matrix = 2 * 2 * 4 * 10 * 8,
                                                                      .other = 2 * 4 * (2 * 8),
                                                                      .transcendentals = 2 * 4 * 8,
                                                                      .weights = 8 * 10,
                                                                      .read = 2 * 4 * 10,
                                                                      .written = 2 * 4 * (2 + 2)}));
}

TEST(ARouter, AddsItsCorrectionToTheScoreOfEachExpert) {
  Router router;
  router.correction_bias = true;
  EXPECT_EQ(routing(router), Flops(2 * (3 * 8 + 8)));
  EXPECT_EQ(priced(with_router(router), kDecode, "router").weights_read, Elements(8 * 10 + 8));
}

TEST(ARouter, SumsTheTwoBestOfEachGroup) {
  Router router;
  router.groups = ExpertGroups{4, 2};
  EXPECT_EQ(routing(router), Flops(2 * (3 * 8 + 4)));
}

TEST(ARouter, SumsTheChosenWeightsAndDividesThem) {
  Router router;
  router.normalized_weights = true;
  EXPECT_EQ(routing(router), Flops(2 * (3 * 8 + 2 + 2)));
}

TEST(ARouter, ScalesTheChosenWeights) {
  Router router;
  router.weight_scale = 2.5;
  EXPECT_EQ(routing(router), Flops(2 * (3 * 8 + 2)));
}

TEST(ARouter, DoesAllOfItTogether) {
  Router router{Scoring::sigmoid, true, true, 2.5, ExpertGroups{4, 2}};
  EXPECT_EQ(routing(router), Flops(2 * (2 * 8 + 8 + 4 + 2 * 2 + 2)));
}

// Per token and expert: gate, up and down; silu and the gate's product; weighted and summed.
TEST(Experts, RunThreeProductsForEachChoice) {
  EXPECT_EQ(priced(with_router({}), decode(9, 1), "experts"),
            by_hand({.matrix = 2 * (3 * 2 * 9 * 10),
                     .other = 2 * (9 * (2 + 1) + 10 + 10),
                     .transcendentals = 2 * 9,
                     .weights = 2 * (3 * 9 * 10),
                     .read = 10 + (2 + 2),
                     .written = 10}));
}

TEST(Experts, AreExpectedToBeSharedByTheTokensOfABatch) {
  // Two tokens miss an expert with (6/8)^2: 8 (1 - 36/64) = 3.5 experts are read.
  EXPECT_EQ(priced(with_router({}), kDecode, "experts"),
            by_hand({.matrix = 2 * 2 * (3 * 2 * 9 * 10),
                     .other = 2 * 2 * (9 * (2 + 1) + 10 + 10),
                     .transcendentals = 2 * 2 * 9,
                     .weights = 7 * (3 * 9 * 10) / 2,
                     .read = 2 * (10 + (2 + 2)),
                     .written = 2 * 10}));
  // Eight tokens: 8 (1 - (6/8)^8) x 270 = 1943.76, to the nearest.
  EXPECT_EQ(priced(with_router({}), kPrefill, "experts").weights_read, Elements(1944));
}

TEST(SharedExperts, AreAGatedFeedForwardThatEveryTokenRuns) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.shared_width = 11;
  const ArchSpec spec = tiny_model(tiny_grouped(), mixture);
  for (const auto* name : {"shared expert gate", "shared expert up"}) {
    EXPECT_EQ(
        priced(spec, kDecode, name),
        by_hand(
            {.matrix = 2 * 2 * 10 * 11, .weights = 11 * 10, .read = 2 * 10, .written = 2 * 11}));
  }
  EXPECT_EQ(priced(spec, kDecode, "gated activation"), by_hand({.other = 2 * 11 * (2 + 1),
                                                                .transcendentals = 2 * 11,
                                                                .read = 2 * 11 + 2 * 11,
                                                                .written = 2 * 11}));
  EXPECT_EQ(
      priced(spec, kDecode, "shared expert down"),
      by_hand({.matrix = 2 * 2 * 11 * 10, .weights = 10 * 11, .read = 2 * 11, .written = 2 * 10}));
  EXPECT_EQ(priced(spec, kDecode, "add shared experts"),
            by_hand({.other = 2 * 10, .read = 2 * 10 + 2 * 10, .written = 2 * 10}));
}

TEST(DistinctExperts, AreTheChosenForOneToken) {
  for (const std::int64_t experts : {1, 8, 49, 384, 1'000'000}) {
    for (std::int64_t chosen = 1; chosen <= experts; chosen += experts / 7 + 1) {
      EXPECT_EQ(expected_distinct_experts(experts, chosen, 1), static_cast<double>(chosen));
    }
  }
}

TEST(DistinctExperts, GrowWithTheTokensAndNeverPassAllExperts) {
  for (const std::int64_t experts : {2, 8, 49, 384}) {
    for (std::int64_t chosen = 1; chosen <= experts; chosen += experts / 7 + 1) {
      double before = static_cast<double>(chosen);
      for (std::int64_t rows = 1; rows < 1'000'000; rows = rows * 3 / 2 + 1) {
        const double distinct = expected_distinct_experts(experts, chosen, rows);
        EXPECT_GE(distinct, before) << experts << " " << chosen << " " << rows;
        EXPECT_LE(distinct, static_cast<double>(experts));
        before = distinct;
      }
    }
  }
}

TEST(DistinctExperts, AreAllWhereEveryTokenRunsAll) {
  EXPECT_EQ(expected_distinct_experts(8, 8, 1), 8);
  EXPECT_EQ(expected_distinct_experts(8, 8, 1000), 8);
}

TEST(DistinctExperts, FollowTheFormula) {
  EXPECT_DOUBLE_EQ(expected_distinct_experts(4, 1, 2), 4 * (1 - 9.0 / 16));
  EXPECT_DOUBLE_EQ(expected_distinct_experts(4, 2, 3), 4 * (1 - 1.0 / 8));
}

// --- 4 identities beside the 8 experts, which a token is as likely to choose.

ArchSpec with_identities() {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.identity_experts = 4;
  return tiny_model(tiny_grouped(), mixture);
}

TEST(Identities, AreScoredByTheRouter) {
  EXPECT_EQ(priced(with_identities(), kDecode, "router").weights_read, Elements(12 * 10));
}

// 8 tokens choose 16 times, of which two thirds are experts: 10.67, so 11 runs of 3 products of 9 x
// 10. Whatever is chosen is weighted and added.
TEST(Identities, TakeNoProductsButAreExpected) {
  const Work work = priced(with_identities(), kPrefill, "experts");
  EXPECT_EQ(work.matrix, Flops(11 * 3 * 2 * 9 * 10));
  const Work all = priced(with_router({}), kPrefill, "experts");
  EXPECT_EQ(all.matrix, Flops(16 * 3 * 2 * 9 * 10));
  const Integer of_a_run = (all.other.amount() - 16 * 2 * 10) / 16;
  EXPECT_EQ(work.other, Flops(16 * 2 * 10 + 11 * of_a_run));
}

TEST(Identities, AreAShareOfTheDistinctChoices) {
  const ExpertReads experts{Driver::token, 8, 2, Elements(3), Bytes(6), 1, 4, {}};
  EXPECT_DOUBLE_EQ(expected_distinct_experts(experts, 1), 2 * 8.0 / 12);
  EXPECT_DOUBLE_EQ(expected_distinct_experts(experts, 3), 8 * (1 - std::pow(10.0 / 12, 3)));
}

// The active parameters are the most that a token may touch: no choice is an identity.
TEST(Identities, LeaveTheActiveParametersAtTheirMost) {
  const auto active = [](const ArchSpec& spec) {
    return predict_parameters(lower(spec)).active.all;
  };
  EXPECT_EQ(active(with_identities()), active(with_router({})) + Elements(4 * 10));
}

// Of 4 experts on 2 ranks a row chooses 2: of the 6 ways to choose, one chooses none of the other
// rank. Of 12 rows in 3 layers, 30 are expected there.
TEST(RoutedRows, GoToARankUnlessTheyChooseNoneOfItsExperts) {
  Work each;
  each.sent = Elements(10);
  const RoutedRows routed{RoutedRows::Way::leaving, Driver::token, 4, 2, 2, 1, each, 3};
  EXPECT_EQ(expected_work(routed, prefill(12, 1)).sent.value(), 10 * 12 * 3 * 5 / 6);
  // A row that chooses more than the other ranks have goes everywhere.
  const RoutedRows all{RoutedRows::Way::leaving, Driver::token, 4, 3, 2, 1, each, 1};
  EXPECT_EQ(expected_work(all, prefill(12, 1)).sent.value(), 10 * 12);
}

}  // namespace
}  // namespace llmarch
