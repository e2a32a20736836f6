// The gated delta rule and what is made of its inputs, with numbers that are redone by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/reference/recurrence_kernels.h"
#include "kernels/reference/stream_kernels.h"
#include "tests/kernels/one_step.h"

namespace llmarch {
namespace {

using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

constexpr Workload of_tokens(std::int64_t tokens) {
  return {1, 0, tokens, {}, Logits::last};
}

// The lengths are 5 and 12.
TEST(AVector, IsDividedByItsLength) {
  OneStep step(of_tokens(1));
  const ValueId in = step.value(4, {3, 4, 0, 12});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(NormalizeLength{2, 0, in, out}),
              ElementsAre(DoubleEq(0.6), DoubleEq(0.8), 0, DoubleEq(1)));
}

// 12 / sqrt(144 + 144)
TEST(AVector, HasEpsilonAddedToTheSquareOfItsLength) {
  OneStep step(of_tokens(1));
  const ValueId in = step.value(2, {0, 12});
  const ValueId out = step.value(2);
  EXPECT_THAT(step.run(NormalizeLength{1, 144, in, out}), ElementsAre(0, DoubleEq(std::sqrt(0.5))));
}

// exp(-rate log 2) = 1 / 2^rate: rates exp(0) = 1 and exp(log 3) = 3, each for two elements.
TEST(ADecay, FallsWithItsRate) {
  OneStep step(of_tokens(1));
  const WeightId rate =
      step.weight(WeightRole::recurrence_decay_rate, 1, 2, {0, static_cast<float>(std::log(3.0))});
  const double one = std::log(2.0);
  const ValueId in = step.value(4, {one, 2 * one, one, 2 * one});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(Decay{rate, in, out}),
              Pointwise(DoubleNear(1e-7), {0.5, 0.25, 0.125, 0.015625}));
}

class ARecurrence : public testing::Test {
 protected:
  // One query and key of 2 elements and values of one; as many value heads as states of two. An
  // empty strength is none.
  std::vector<double> run(const std::vector<double>& state, std::vector<double> query,
                          std::vector<double> key, std::vector<double> value,
                          std::vector<double> strength, std::vector<double> decay) {
    const std::int64_t heads = std::ssize(state) / 2;
    const std::int64_t tokens = std::ssize(value) / heads;
    OneStep step(of_tokens(tokens));
    const CacheId states = step.state(state);
    const ValueId q = step.value(2, std::move(query));
    const ValueId k = step.value(2, std::move(key));
    const ValueId v = step.value(heads, std::move(value));
    const ValueId d = step.value(std::ssize(decay) / tokens, decay);
    std::optional<ValueId> s;
    if (!strength.empty()) s = step.value(heads, std::move(strength));
    const ValueId out = step.value(heads);
    const Recurrence rule{{1, heads, 2, 1}, states, q, k, v, d, out, s};
    auto result = chunk_ ? step.run(ChunkedRecurrence{rule, *chunk_}) : step.run(rule);
    after_ = step.state_after(states);
    return result;
  }
  std::optional<Integer> chunk_;  // of so many tokens; none: token by token
  std::vector<double> after_;
};

// The state 4, 8 decays to 2, 4 and holds 2 x 1 + 4 x 2 = 10 for the key 1, 2. Half of what the
// value 14 has more, 2, is added to it: 2 + 1 x 2 = 4 and 4 + 2 x 2 = 8.
TEST_F(ARecurrence, OfTheDeltaRuleReplacesPartOfWhatADecayedStateHolds) {
  EXPECT_THAT(run({4, 8}, {1, 10}, {1, 2}, {14}, {0.5}, {0.5}), ElementsAre(1 * 4 + 10 * 8));
  EXPECT_THAT(after_, ElementsAre(4, 8));
}

// The second token finds 1 x 3 = 3 for its key and replaces it by 5.
TEST_F(ARecurrence, GoesOnFromTokenToToken) {
  EXPECT_THAT(run({0, 0}, {1, 0, 1, 0}, {1, 0, 1, 0}, {3, 5}, {1, 1}, {1, 1}), ElementsAre(3, 5));
  EXPECT_THAT(after_, ElementsAre(5, 0));
}

TEST_F(ARecurrence, KeepsAStateForEachValueHeadOfAKey) {
  EXPECT_THAT(run({0, 0, 0, 0}, {1, 1}, {1, 2}, {3, 5}, {1, 0}, {1, 1}), ElementsAre(3 + 6, 0));
  EXPECT_THAT(after_, ElementsAre(3, 6, 0, 0)) << "a strength of 0 adds nothing";
}

// Without a strength: 4, 8 decays to 2, 4, and 14 times the key is added: 2 + 14 and 4 + 28.
TEST_F(ARecurrence, WithoutAStrengthAddsWhatItIsGiven) {
  EXPECT_THAT(run({4, 8}, {1, 10}, {1, 2}, {14}, {}, {0.5}), ElementsAre(16 + 10 * 32));
  EXPECT_THAT(after_, ElementsAre(16, 32));
}

// Each row of the state by its own: 4 x 0.5 and 8 x 0.25.
TEST_F(ARecurrence, MayDecayEachRowOfAStateByItself) {
  EXPECT_THAT(run({4, 8}, {1, 10}, {0, 0}, {0}, {}, {0.5, 0.25}), ElementsAre(2 + 10 * 2));
  EXPECT_THAT(after_, ElementsAre(2, 2));
}

// With one decay for a head and with one for each row of its state, by the delta rule and without.
TEST_F(ARecurrence, ByChunksGivesWhatItGivesTokenByToken) {
  for (const std::vector<double>& decay : {std::vector<double>{0.5, 0.25, 0.75},
                                           std::vector<double>{0.5, 1, 0.25, 0.5, 0.75, 0.125}}) {
    for (const std::vector<double>& strength :
         {std::vector<double>{}, std::vector<double>{1, 0.5, 2}}) {
      const auto run_all = [&] {
        return run({4, 8}, {1, 10, 2, 3, 1, 1}, {1, 0, 1, 1, 2, 1}, {4, 5, 6}, strength, decay);
      };
      chunk_.reset();
      const std::vector<double> expected = run_all();
      const std::vector<double> left = after_;
      for (const std::int64_t chunk : {1, 2, 3, 4}) {
        chunk_ = chunk;
        EXPECT_THAT(run_all(), Pointwise(DoubleNear(1e-12), expected)) << chunk;
        EXPECT_THAT(after_, Pointwise(DoubleNear(1e-12), left)) << chunk;
      }
    }
  }
}

// Two tokens in one chunk. The first decays the state 4, 8 to 2, 4, which holds 2 for the key 1, 0:
// the change is 4 - 2 = 2, and the query 1, 1 reads 2 + 4 + 2. The second decays both again: the
// state to 1, 2 and the first key to 0.5. For the key 1, 1 they hold 1 + 2 and 0.5 x 2, the change
// is 6 - 4 = 2, and the query 0, 1 reads 2 and 2 of its own key. What is left is 1 + 1 + 2 and
// 2 + 2.
TEST_F(ARecurrence, OfTheDeltaRuleByChunksSubstitutesTheChangesBefore) {
  chunk_ = 2;
  EXPECT_THAT(run({4, 8}, {1, 1, 0, 1}, {1, 0, 1, 1}, {4, 6}, {1, 1}, {0.5, 0.5}),
              ElementsAre(2 + 4 + 2, 2 + 2));
  EXPECT_THAT(after_, ElementsAre(1 + 1 + 2, 2 + 2));
}

TEST(ColumnsScaled, ByFewerWeightsAreThoseOfAVector) {
  OneStep step(of_tokens(1));
  const WeightId weight = step.weight(WeightRole::recurrence_skip, 1, 2, {2, 3});
  const ValueId in = step.value(4, {1, 10, 100, 1000});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(ScaleColumns{weight, in, out}), ElementsAre(2, 20, 300, 3000));
}

TEST(RowsGated, WithoutAFunctionAreMultipliedByTheGates) {
  OneStep step(of_tokens(1));
  const ValueId gate = step.value(2, {2, 3});
  const ValueId in = step.value(4, {1, 10, 100, 1000});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(GateRows{gate, in, out, std::nullopt}), ElementsAre(2, 20, 300, 3000));
}

// 1 x 5 + 10 for the only row that there is, after a row of zeros.
TEST(AConvolutionWithABias, AddsItToEachColumn) {
  OneStep step(of_tokens(1));
  const WeightId taps = step.weight(WeightRole::recurrence_value_taps, 1, 2, {7, 5});
  const WeightId bias = step.weight(WeightRole::recurrence_value_taps_bias, 1, 1, {10});
  const CacheId kept = step.state({0});
  const ValueId in = step.value(1, {1});
  const ValueId out = step.value(1);
  EXPECT_THAT(step.run(Convolve{taps, kept, in, out, bias}), ElementsAre(15));
}

// Two columns with states of two, whose rates are exp(0) = 1 and exp(log 3) = 3, at a step of log
// 2: they decay to a half and an eighth. The values 1 and 2 times that step times the key 1, 10 are
// added.
TEST(AScan, DecaysEachElementOfAColumnByItself) {
  OneStep step(of_tokens(1));
  const auto log3 = static_cast<float>(std::log(3.0));
  const WeightId rate = step.weight(WeightRole::selection_rate, 2, 2, {0, log3, 0, log3});
  const CacheId states = step.state({4, 8, 40, 80});
  const double log2 = std::log(2.0);
  const ValueId query = step.value(2, {1, 1});
  const ValueId key = step.value(2, {1, 10});
  const ValueId steps = step.value(2, {log2, log2});
  const ValueId in = step.value(2, {1, 2});
  const ValueId out = step.value(2);
  EXPECT_THAT(step.run(SelectiveScan{rate, states, query, key, steps, in, out}),
              Pointwise(DoubleNear(1e-5), {3 + 11 * log2, 30 + 22 * log2}));
  EXPECT_THAT(
      step.state_after(states),
      Pointwise(DoubleNear(1e-5), {2 + log2, 1 + 10 * log2, 20 + 2 * log2, 10 + 20 * log2}));
}

}  // namespace
}  // namespace llmarch
