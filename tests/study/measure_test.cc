// How a run at full size is made, on a bench without a clock.
#include "kernels/measure/measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_bench.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using testing::FakeBench;

constexpr Repeats kThree{.count = 3, .seconds = 0, .at_least = 1};

Measurement start(const Model& model) {
  Measurement measurement;
  measurement.model = model.spec.name;
  measurement.run = {{.context = 8, .prompt = 4, .weights = DType::bf16}, 1};
  measurement.held = {1, 1, 0, 0};
  return measurement;
}

class Measuring : public ::testing::Test {
 protected:
  Measurement run(const Repeats& repeats = kThree) {
    return measure(model_, repeats, start(model_), bench_,
                   [this](const Measurement& so_far) { seen_.push_back(so_far); });
  }

  Model model_ = make_model(tiny_model(tiny_grouped(), tiny_dense()), {});
  FakeBench bench_{model_};
  std::vector<Measurement> seen_;
};

TEST_F(Measuring, LeavesTheWarmUpOutOfTheReadings) {
  bench_.decode_seconds = {100, 3, 1, 2};
  const Spread seconds = run().decode->seconds;
  EXPECT_EQ(seconds.samples, 3U);
  EXPECT_EQ(seconds.median, 2);
  EXPECT_EQ(seconds.most, 3);
}

TEST_F(Measuring, RepeatsAsOftenAsItIsTold) {
  run();
  EXPECT_EQ(bench_.runs, 2 * (1 + 3));
}

// 4 seconds of steps that take 1.5 are three steps; two more are wanted at least.
TEST_F(Measuring, RepeatsUntilTheTimeIsUpAndAtLeastAFewTimes) {
  bench_.decode_seconds = {1.5};
  bench_.prefill_seconds = {1.5};
  EXPECT_EQ(run({.count = std::nullopt, .seconds = 4, .at_least = 1}).decode->seconds.samples, 3U);
  EXPECT_EQ(run({.count = std::nullopt, .seconds = 4, .at_least = 5}).decode->seconds.samples, 5U);
}

// A quarter of a model takes a quarter of a second for what stands for one: 4 seconds are 16 steps.
TEST_F(Measuring, RepeatsAsMuchOfASliceAsFitsIntoTheTime) {
  bench_.held_part = 0.25;
  const Spread seconds = run({.count = std::nullopt, .seconds = 4, .at_least = 1}).decode->seconds;
  EXPECT_EQ(seconds.samples, 16U);
  EXPECT_EQ(seconds.median, 1);
}

TEST_F(Measuring, FindsPredictedAndCountedEqual) {
  const Measurement measurement = run();
  EXPECT_TRUE(measurement.exact());
  EXPECT_EQ(measurement.parameters->predicted, model_.parameters.total.amount());
  EXPECT_TRUE(measurement.active_parameters->exact());
  // Keys and values of 2 heads of width 6 at 8 positions, in bf16.
  EXPECT_EQ(measurement.cache->counted, 2 * (2 * 2 * 6 * 8));
}

TEST_F(Measuring, NamesAnOperationThatCountedOneFlopMore) {
  bench_.extra = Flops(1);
  const Measurement measurement = run();
  EXPECT_FALSE(measurement.exact());
  ASSERT_EQ(measurement.decode->differences.size(), 1U);
  EXPECT_EQ(measurement.decode->differences.front().operation, "token embedding");
}

TEST_F(Measuring, HasNotCountedActiveParametersWithSeveralTokens) {
  Measurement two = start(model_);
  two.run.setting.batch = 2;
  const Measurement measurement = measure(model_, kThree, two, bench_, [](const Measurement&) {});
  EXPECT_FALSE(measurement.active_parameters.has_value());
  EXPECT_TRUE(measurement.exact());
}

// Two probes of the decode and two of the prefill: before the only repeat and after it.
TEST_F(Measuring, HoldsEachPhaseAgainstTheMeanOfTheProbesOnBothSidesOfIt) {
  bench_.limits = {{{100}, {1}, {1}, {1}},
                   {{120}, {3}, {5}, {7}},
                   {{1}, {1000}, {2000}, {4000}},
                   {{3}, {900}, {2200}, {4000}}};
  const Measurement measurement = run({.count = 1, .seconds = 0, .at_least = 1});
  EXPECT_EQ(measurement.decode->rates.bytes_per_second, 110);
  EXPECT_EQ(measurement.decode->rates.flops_per_second, 3);
  EXPECT_EQ(measurement.prefill->rates.bytes_per_second, 2);
  EXPECT_EQ(measurement.prefill->rates.flops_per_second, 2100);
}

// The bandwidth of the decode above, and the peaks of the prefill.
TEST_F(Measuring, TakesForTheWholeRunTheLimitThatBoundsEachPhase) {
  bench_.limits = {{{100}, {1}, {1}, {1}}, {{100}, {1}, {1}, {1}}, {{1}, {1000}, {2000}, {4000}}};
  const Repeats once{.count = 1, .seconds = 0, .at_least = 1};
  const MachineLimits both = run(once).limits();
  EXPECT_EQ(both.read_bandwidth, 100);
  EXPECT_EQ(both.f32_flops, 1000);
  EXPECT_EQ(both.bf16_flops, 2000);
  EXPECT_EQ(both.int8_operations, 4000);
  bench_.limits = {{{7}, {8}, {9}, {10}}};
  Repeats prefill_only = once;
  prefill_only.only = Phase::prefill;
  EXPECT_EQ(run(prefill_only).limits().read_bandwidth, 7);
  EXPECT_EQ(Measurement{}.limits().read_bandwidth, 0);
}

// Steps of 0.04 s: after three of them there were 0.12. Two stretches of three, of which the first
// stood between 10 and 30 and the second between 30 and 50; a fourth probe would read 1.
TEST_F(Measuring, ReadsTheLimitsAfterATenthOfASecondOfSteps) {
  bench_.decode_seconds = {0.04};
  bench_.limits = {
      {{10}, {1}, {1}, {1}}, {{30}, {1}, {1}, {1}}, {{50}, {1}, {1}, {1}}, {{1}, {1}, {1}, {1}}};
  EXPECT_NEAR(run({.count = 6, .seconds = 0, .at_least = 1}).decode->rates.bytes_per_second, 30,
              1e-9);
  ASSERT_GE(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].decode->seconds.samples, 3U);
  EXPECT_EQ(seen_[1].decode->seconds.samples, 6U);
}

// The warm-up takes 2 s; of the steps, the first stretch is one of 1 s, the second one of 3.
TEST_F(Measuring, ReadsTheLimitsForFourTenthsOfTheTimeOfTheSteps) {
  bench_.decode_seconds = {2, 1, 3};
  run({.count = 2, .seconds = 0, .at_least = 1, .only = Phase::decode});
  EXPECT_THAT(bench_.probed_seconds,
              ElementsAre(DoubleNear(0.8, 1e-9), DoubleNear(0.4, 1e-9), DoubleNear(1.2, 1e-9)));
}

TEST_F(Measuring, HoldsF32WeightsAgainstThePeakOfF32) {
  Measurement wide = start(model_);
  wide.run.setting.weights = DType::f32;
  const Measurement measurement = measure(model_, kThree, wide, bench_, [](const Measurement&) {});
  EXPECT_EQ(measurement.decode->rates.flops_per_second, 1000);
}

// A quarter in the look-up, half in the head, and a quarter that no operation's clock saw.
TEST_F(Measuring, SharesTheMedianOutUntilNothingIsLeft) {
  bench_.decode_seconds = {8};
  const TimedStep decode = *run().decode;
  double sum = decode.between_seconds;
  for (const KindFigures& kind : decode.kinds) sum += kind.seconds;
  EXPECT_DOUBLE_EQ(sum, 8);
  EXPECT_DOUBLE_EQ(decode.between_seconds, 2);
  EXPECT_EQ(decode.kinds.front().kind, WorkKind::embedding);
  EXPECT_DOUBLE_EQ(decode.kinds.front().seconds, 2);
  EXPECT_EQ(decode.kinds.back().kind, WorkKind::head);
  EXPECT_DOUBLE_EQ(decode.kinds.back().seconds, 4);
}

TEST_F(Measuring, AddsTheWorkOfKindsUpToTheWhole) {
  const TimedStep decode = *run().decode;
  Work sum = Work::none();
  for (const KindFigures& kind : decode.kinds) sum += kind.counted;
  EXPECT_EQ(sum, decode.counted);
}

// 8 tokens in a step of 2 sequences by 4: 8 / 0.5 a second.
TEST_F(Measuring, CountsTheTokensOfAllSequences) {
  bench_.prefill_seconds = {0.5};
  Measurement two = start(model_);
  two.run.setting.batch = 2;
  const Measurement measurement = measure(model_, kThree, two, bench_, [](const Measurement&) {});
  EXPECT_EQ(measurement.prefill->tokens_per_second().median, 16);
}

TEST_F(Measuring, SaysWhenATimeIsBelowItsFloor) {
  bench_.decode_seconds = {1e6};
  EXPECT_FALSE(below_floor(*run().decode));
  bench_.decode_seconds = {1e-9};
  EXPECT_TRUE(below_floor(*run().decode));
}

TEST_F(Measuring, ShowsWhatItHasAfterEachStretchOfSteps) {
  run();
  ASSERT_EQ(seen_.size(), 2U * 3);
  EXPECT_EQ(seen_[0].decode->seconds.samples, 1U);
  EXPECT_EQ(seen_[2].decode->seconds.samples, 3U);
  EXPECT_FALSE(seen_[2].prefill.has_value());
  EXPECT_FALSE(seen_[2].exact());
  EXPECT_EQ(seen_[3].prefill->seconds.samples, 1U);
  EXPECT_TRUE(seen_[5].exact());
}

class MeasuringAMixture : public ::testing::Test {
 protected:
  Measurement run(Integer batch) {
    Measurement so_far = start(model_);
    so_far.run.setting.batch = batch;
    return measure(model_, kThree, so_far, bench_, [](const Measurement&) {});
  }
  Model model_ = make_model(tiny_model(tiny_grouped(), tiny_mixture()), {});
  FakeBench bench_{model_};
};

// The weights of as many experts as really ran are counted; what was expected stays beside it.
TEST_F(MeasuringAMixture, CallsNoBytesExactThatAreAnExpectation) {
  bench_.extra_expert_weights = Elements(5);
  const Measurement measurement = run(3);
  const TimedStep& step = *measurement.decode;
  EXPECT_TRUE(step.expected_bytes);
  EXPECT_EQ(step.counted.weights_read, step.predicted.weights_read + Elements(5));
  EXPECT_TRUE(measurement.exact());
}

// A token's experts are as many as the spec says, and are no expectation.
TEST_F(MeasuringAMixture, HoldsTheExpertsOfOneTokenToTheUnit) {
  EXPECT_FALSE(run(1).decode->expected_bytes);
  bench_.extra_expert_weights = Elements(5);
  const Measurement measurement = run(1);
  EXPECT_FALSE(measurement.exact());
  EXPECT_EQ(measurement.decode->differences.at(0).operation, "experts");
}

TEST_F(MeasuringAMixture, HoldsTheFlopsOfItsExpertsToTheUnit) {
  bench_.extra_expert_flops = Flops(1);
  const Measurement measurement = run(3);
  EXPECT_FALSE(measurement.exact());
  EXPECT_EQ(measurement.decode->differences.at(0).operation, "experts");
}

}  // namespace
}  // namespace llmarch
