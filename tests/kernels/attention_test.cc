// Rotation and attention by themselves, on numbers that can be followed by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/reference/exchange_kernels.h"
#include "tests/kernels/one_step.h"

namespace llmarch {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

auto near(double value) {
  return DoubleNear(value, 1e-12);
}

// The second of two tokens, so that it is turned by 1 radian (pair 0) and 0.01 (pair 1).
std::vector<double> rotated(RotaryLayout layout, Integer heads, Integer offset, Integer dim,
                            const std::vector<double>& row) {
  OneStep step({1, 1, 1});
  const Integer columns = std::ssize(row);
  const ValueId in = step.value(columns, row);
  const ValueId out = step.value(columns);
  return step.run(Rotate{{10'000, layout, std::nullopt}, heads, offset, dim, in, out});
}

const double kCos0 = std::cos(1.0);
const double kSin0 = std::sin(1.0);
const double kCos1 = std::cos(0.01);
const double kSin1 = std::sin(0.01);

TEST(ARotation, SplitInHalvesTurnsElementsHalfAWidthApart) {
  EXPECT_THAT(rotated(RotaryLayout::half_split, 1, 0, 4, {1, 2, 3, 4}),
              ElementsAre(near(1 * kCos0 - 3 * kSin0), near(2 * kCos1 - 4 * kSin1),
                          near(3 * kCos0 + 1 * kSin0), near(4 * kCos1 + 2 * kSin1)));
}

TEST(ARotation, InterleavedTurnsNeighbours) {
  EXPECT_THAT(rotated(RotaryLayout::interleaved, 1, 0, 4, {1, 2, 3, 4}),
              ElementsAre(near(1 * kCos0 - 2 * kSin0), near(2 * kCos0 + 1 * kSin0),
                          near(3 * kCos1 - 4 * kSin1), near(4 * kCos1 + 3 * kSin1)));
}

TEST(ARotation, LeavesWhatStandsBeforeItsOffsetInEveryHead) {
  EXPECT_THAT(rotated(RotaryLayout::half_split, 2, 1, 2, {9, 1, 2, 8, 3, 4}),
              ElementsAre(9, near(1 * kCos0 - 2 * kSin0), near(2 * kCos0 + 1 * kSin0), 8,
                          near(3 * kCos0 - 4 * kSin0), near(4 * kCos0 + 3 * kSin0)));
}

TEST(ARotation, LeavesThePositionZeroAsItIs) {
  OneStep step({1, 0, 1});
  const ValueId in = step.value(2, {3, 4});
  const ValueId out = step.value(2);
  EXPECT_THAT(step.run(Rotate{{10'000, RotaryLayout::half_split, std::nullopt}, 1, 0, 2, in, out}),
              ElementsAre(3, 4));
}

// One token after another: two keys. Scores 0 and ln 3 weigh the values 1 : 3.
TEST(Attention, WeighsValuesByTheSoftmaxOfScaledProducts) {
  OneStep step({1, 1, 1});
  const ValueId query = step.value(2, {2, 1});
  const CacheId keys = step.cache(2, {0, 0, std::log(3.0), 0});
  const CacheId values = step.cache(2, {4, 0, 8, 100});
  const ValueId out = step.value(2);
  EXPECT_THAT(step.run(Attend{1, 1, 2, 0.5, std::nullopt, EveryKey{}, query, keys, values, out}),
              ElementsAre(near(0.25 * 4 + 0.75 * 8), near(0.75 * 100)));
}

// Two tokens at once: the first attends to itself only.
TEST(Attention, IsCausal) {
  OneStep step({1, 0, 2});
  const ValueId query = step.value(1, {1, 1});
  const CacheId keys = step.cache(1, {0, 0});
  const CacheId values = step.cache(1, {4, 8});
  const ValueId out = step.value(1);
  EXPECT_THAT(step.run(Attend{1, 1, 1, 1, std::nullopt, EveryKey{}, query, keys, values, out}),
              ElementsAre(near(4), near((4 + 8) / 2.0)));
}

// Heads 0 and 1 share the first key/value head, 2 and 3 the second.
TEST(GroupedHeads, ShareTheirKeyHeadWithNeighbours) {
  OneStep step({1, 0, 1});
  const ValueId query = step.value(4, {1, 1, 1, 1});
  const CacheId keys = step.cache(2, {5, 7});
  const CacheId values = step.cache(2, {10, 20});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(Attend{4, 2, 1, 1, std::nullopt, EveryKey{}, query, keys, values, out}),
              ElementsAre(10, 10, 20, 20));
}

// The scores of positions 0 to 3 are 0, ln 3, 0 and ln 5. The rank with the odd ones has a sum of 8
// in its softmax.
TEST(AttentionToEverySecondKey, WeighsTheValuesOfItsOwnKeysAndSaysTheirSum) {
  OneStep step({1, 3, 1});
  const ValueId query = step.value(1, {1});
  const CacheId keys = step.cache(1, {std::log(3.0), std::log(5.0)});
  const CacheId values = step.cache(1, {16, 32});
  const ValueId out = step.value(1);
  const ValueId log_sums = step.value(1);
  Attend op{1, 1, 1, 1, std::nullopt, Striped{1, 2}, query, keys, values, out};
  op.log_sums = log_sums;
  EXPECT_THAT(step.run(op), ElementsAre(near(16 * 3 / 8.0 + 32 * 5 / 8.0)));
  EXPECT_THAT(step.elements(log_sums), ElementsAre(near(std::log(8.0))));
}

// A rank that has no key yet has a sum of 0, whose logarithm is minus infinity.
TEST(AttentionToEverySecondKey, FindsNoneAtTheFirstPosition) {
  OneStep step({1, 0, 1});
  const ValueId query = step.value(1, {1});
  const CacheId keys = step.cache(1, {});
  const CacheId values = step.cache(1, {});
  const ValueId out = step.value(1);
  const ValueId log_sums = step.value(1);
  Attend op{1, 1, 1, 1, std::nullopt, Striped{1, 2}, query, keys, values, out};
  op.log_sums = log_sums;
  EXPECT_THAT(step.run(op), ElementsAre(0));
  EXPECT_THAT(step.elements(log_sums), ElementsAre(-std::numeric_limits<double>::infinity()));
}

// Two heads of width 2, three ranks. In the first head the sums are 1, 3 and 4, in the second this
// rank, the middle one, has no key.
TEST(APartOfAttention, CountsByItsShareInTheSumsOfAllRanks) {
  OneStep step({1, 0, 1});
  const double none = -std::numeric_limits<double>::infinity();
  const ValueId in = step.value(4, {8, 16, 0, 0});
  const ValueId log_sums =
      step.value(6, {std::log(1.0), 0.5, std::log(3.0), none, std::log(4.0), 0.5});
  const ValueId out = step.value(4);
  EXPECT_THAT(step.run(WeighPart{{3, 1, 0, 1}, 2, in, log_sums, out}),
              ElementsAre(near(8 * 3 / 8.0), near(16 * 3 / 8.0), 0, 0));
}

}  // namespace
}  // namespace llmarch
