// The gated delta rule and what is made of its inputs, with numbers that are redone by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/reference/recurrence_kernels.h"
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

// softplus(0) = log 2, and exp(-rate log 2) = 1 / 2^rate: rates exp(0) = 1 and exp(log 3) = 3, each
// for two elements.
TEST(ADecay, FallsWithItsRate) {
  OneStep step(of_tokens(1));
  const WeightId rate =
      step.weight(WeightRole::recurrence_decay_rate, 1, 2, {0, static_cast<float>(std::log(3.0))});
  const ValueId in = step.value(4, {0, 0, 0, 0});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(Decay{rate, in, out}),
              Pointwise(DoubleNear(1e-7), {0.5, 0.5, 0.125, 0.125}));
}

class ADeltaRule : public testing::Test {
 protected:
  // One query and key of 2 elements and values of one; as many value heads as states of two.
  std::vector<double> run(const std::vector<double>& state, std::vector<double> query,
                          std::vector<double> key, std::vector<double> value,
                          std::vector<double> strength, std::vector<double> decay) {
    const std::int64_t heads = std::ssize(state) / 2;
    OneStep step(of_tokens(std::ssize(value) / heads));
    const CacheId states = step.state(state);
    const ValueId q = step.value(2, std::move(query));
    const ValueId k = step.value(2, std::move(key));
    const ValueId v = step.value(heads, std::move(value));
    const ValueId s = step.value(heads, std::move(strength));
    const ValueId d = step.value(heads, std::move(decay));
    const ValueId out = step.value(heads);
    const auto result = step.run(DeltaRule{{1, heads, 2, 1}, states, q, k, v, s, d, out});
    after_ = step.state_after(states);
    return result;
  }
  std::vector<double> after_;
};

// The state 4, 8 decays to 2, 4 and holds 2 x 1 + 4 x 2 = 10 for the key 1, 2. Half of what the
// value 14 has more, 2, is added to it: 2 + 1 x 2 = 4 and 4 + 2 x 2 = 8.
TEST_F(ADeltaRule, ReplacesPartOfWhatADecayedStateHoldsForAKey) {
  EXPECT_THAT(run({4, 8}, {1, 10}, {1, 2}, {14}, {0.5}, {0.5}), ElementsAre(1 * 4 + 10 * 8));
  EXPECT_THAT(after_, ElementsAre(4, 8));
}

// The second token finds 1 x 3 = 3 for its key and replaces it by 5.
TEST_F(ADeltaRule, GoesOnFromTokenToToken) {
  EXPECT_THAT(run({0, 0}, {1, 0, 1, 0}, {1, 0, 1, 0}, {3, 5}, {1, 1}, {1, 1}), ElementsAre(3, 5));
  EXPECT_THAT(after_, ElementsAre(5, 0));
}

TEST_F(ADeltaRule, KeepsAStateForEachValueHeadOfAKey) {
  EXPECT_THAT(run({0, 0, 0, 0}, {1, 1}, {1, 2}, {3, 5}, {1, 0}, {1, 1}), ElementsAre(3 + 6, 0));
  EXPECT_THAT(after_, ElementsAre(3, 6, 0, 0)) << "a strength of 0 adds nothing";
}

}  // namespace
}  // namespace llmarch
