// Windows and chunks in the kernels: which keys are attended to, and which the caches drop.
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/reference/executor.h"
#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "tests/kernels/one_step.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

auto near_mean(double value) {
  return DoubleNear(value, 1e-12);
}

// Six tokens; every score is 0, so the result is the mean of the values attended to.
std::vector<double> means(const Reach& reach) {
  OneStep step(prefill(6, 1));
  const ValueId query = step.value(1, {0, 0, 0, 0, 0, 0});
  const CacheId keys = step.cache(1, {1, 1, 1, 1, 1, 1});
  const CacheId values = step.cache(1, {1, 2, 4, 8, 16, 32});
  const ValueId out = step.value(1);
  return step.run(Attend{1, 1, 1, 1, std::nullopt, reach, query, keys, values, out});
}

TEST(AWindow, HasTheNewestKeys) {
  EXPECT_THAT(means(Window{2}), ElementsAre(near_mean(1), near_mean((1 + 2) / 2.0),
                                            near_mean((2 + 4) / 2.0), near_mean((4 + 8) / 2.0),
                                            near_mean((8 + 16) / 2.0), near_mean((16 + 32) / 2.0)));
  EXPECT_THAT(means(Window{1}), ElementsAre(1, 2, 4, 8, 16, 32));
}

TEST(AChunk, HasTheKeysSinceItsBorder) {
  EXPECT_THAT(means(Chunk{2}),
              ElementsAre(near_mean(1), near_mean((1 + 2) / 2.0), near_mean(4),
                          near_mean((4 + 8) / 2.0), near_mean(16), near_mean((16 + 32) / 2.0)));
  EXPECT_THAT(means(Chunk{1}), ElementsAre(1, 2, 4, 8, 16, 32));
}

TEST(AReachBeyondTheContext, HasEveryKey) {
  for (const Reach& reach : {Reach(EveryKey{}), Reach(Window{6}), Reach(Chunk{6})}) {
    EXPECT_THAT(means(reach),
                ElementsAre(near_mean(1), near_mean(3 / 2.0), near_mean(7 / 3.0),
                            near_mean(15 / 4.0), near_mean(31 / 5.0), near_mean(63 / 6.0)));
  }
}

// The query at position 4 attends to keys 3 and 4, whose products are 0 and 2. With a length of 2
// capped scores are multiplied by log2 4 = 2, and the values 1 and 3 are weighed 1 : e^(2 tanh 2).
TEST(AGrowthOfScores, IsAfterTheirCap) {
  OneStep step({1, 4, 1});
  const ValueId query = step.value(1, {1});
  const CacheId keys = step.cache(1, {9, 9, 9, 0, 2});
  const CacheId values = step.cache(1, {9, 9, 9, 1, 3});
  const ValueId out = step.value(1);
  Attend attend{1, 1, 1, 1, 1.0, Window{Integer(2)}, query, keys, values, out};
  attend.growth_length = 2;
  const double grown = std::exp(2 * std::tanh(2.0));
  EXPECT_THAT(step.run(attend), ElementsAre(DoubleNear((1 + 3 * grown) / (1 + grown), 1e-12)));
}

// The query at position 2 is not beyond the length, and the one at position 3 is: log2 3 times 2.
TEST(AGrowthOfScores, BeginsBeyondItsLength) {
  OneStep step({1, 2, 2});
  const ValueId query = step.value(1, {1, 1});
  const CacheId keys = step.cache(1, {9, 0, 2, 0});
  const CacheId values = step.cache(1, {9, 1, 3, 1});
  const ValueId out = step.value(1);
  Attend attend{1, 1, 1, 1, std::nullopt, Window{Integer(2)}, query, keys, values, out};
  attend.growth_length = 2;
  const double plain = std::exp(2.0);
  const double grown = std::exp(2 * std::log2(3.0));
  EXPECT_THAT(step.run(attend), ElementsAre(DoubleNear((1 + 3 * plain) / (1 + plain), 1e-12),
                                            DoubleNear((1 + 3 * grown) / (1 + grown), 1e-12)));
}

// Products 0 and 2 capped at 1: tanh 0 and tanh 2.
TEST(ASoftCap, IsOnTheScoresBeforeTheSoftmax) {
  OneStep step({1, 1, 1});
  const ValueId query = step.value(1, {1});
  const CacheId keys = step.cache(1, {0, 2});
  const CacheId values = step.cache(1, {0, 1});
  const ValueId out = step.value(1);
  const double capped = std::exp(std::tanh(2.0));
  EXPECT_THAT(step.run(Attend{1, 1, 1, 1, 1.0, EveryKey{}, query, keys, values, out}),
              ElementsAre(near_mean(capped / (1 + capped))));
}

// --- Caches.

LayerCache<double> four_positions() {
  LayerCache<double> cache(1, 2);
  const std::vector<double> rows{1, 2, 3, 4, 5, 6, 7, 8};
  cache.append(0, rows);
  return cache;
}

TEST(ACache, HoldsWhatItDidNotForget) {
  LayerCache<double> cache = four_positions();
  cache.forget_before(0, 3);
  EXPECT_EQ(cache.held(), 2);
  EXPECT_EQ(cache.positions(0), 4U);
  EXPECT_THAT(cache.row(0, 3), ElementsAre(7, 8));
  cache.forget_before(0, 3);
  EXPECT_EQ(cache.held(), 2);
}

TEST(ACache, RefusesAPositionThatItForgot) {
  LayerCache<double> cache = four_positions();
  EXPECT_THAT(cache.row(0, 2), ElementsAre(5, 6));
  cache.forget_before(0, 3);
  EXPECT_THROW((void)cache.row(0, 2), std::logic_error);
}

// One local layer and one global one: 2 heads of width 6, keys and values.
ArchSpec local_and_global(std::optional<Integer> window, std::optional<Integer> chunk) {
  GroupedAttention local = tiny_grouped();
  local.window = window;
  local.chunk = chunk;
  ArchSpec spec = tiny_model(local, tiny_dense());
  spec.attention.push_back({"global", tiny_grouped()});
  spec.layer.push_back({"global", {Reference{"global", 1}, Reference{"feed", 0}}});
  spec.stack.push_back({{{"global", 1}}, 1});
  return spec;
}

// Elements that are really held after each of nine tokens, one by one, of two sequences.
std::vector<Integer> held_after_each_token(const ArchSpec& spec) {
  const OpGraph graph = lower(spec);
  const WeightStore weights = synthetic_weights(graph, 1);
  KvCaches<double> caches(graph, 2);
  std::vector<Integer> held;
  for (std::int64_t context = 1; context <= 9; ++context) {
    execute(graph, weights, caches, std::vector<std::int64_t>{1, 2}, decode(context, 2));
    held.push_back(caches.held().value());
    EXPECT_EQ(caches.held(), cache_elements(graph, context, 2)) << context;
  }
  return held;
}

// A position is 2 x 2 x 6 = 24 elements a layer, and there are two sequences.
std::vector<Integer> positions(const std::vector<std::int64_t>& local) {
  std::vector<Integer> elements;
  for (std::size_t i = 0; i < local.size(); ++i) {
    elements.emplace_back(2 * 24 * (static_cast<std::int64_t>(i) + 1 + local[i]));
  }
  return elements;
}

TEST(TheCaches, HoldAWindowAndNoMore) {
  EXPECT_EQ(held_after_each_token(local_and_global(4, {})), positions({1, 2, 3, 4, 4, 4, 4, 4, 4}));
}

TEST(TheCaches, HoldAChunkAndBeginAgain) {
  EXPECT_EQ(held_after_each_token(local_and_global({}, 4)), positions({1, 2, 3, 4, 1, 2, 3, 4, 1}));
}

TEST(TheCaches, OfAPromptHoldWhatThoseOfItsTokensHold) {
  for (const ArchSpec& spec : {local_and_global(4, {}), local_and_global({}, 4)}) {
    const OpGraph graph = lower(spec);
    const WeightStore weights = synthetic_weights(graph, 1);
    for (std::int64_t tokens = 1; tokens <= 9; ++tokens) {
      KvCaches<double> caches(graph, 1);
      execute(graph, weights, caches,
              std::vector<std::int64_t>(static_cast<std::size_t>(tokens), 3), prefill(tokens, 1));
      EXPECT_EQ(caches.held(), cache_elements(graph, tokens, 1)) << tokens;
      EXPECT_EQ(caches.past(), static_cast<std::size_t>(tokens));
    }
  }
}

// A layer may have no mixer; the positions are those of the run and not of a cache.
TEST(ARunWithoutCaches, HasPositionsNonetheless) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.layer.front().value.attention.reset();
  spec.learned_positions = 32;
  const OpGraph graph = lower(spec);
  ASSERT_TRUE(graph.caches.empty());
  const WeightStore weights = synthetic_weights(graph, 1);
  const std::vector<std::int64_t> ids{3, 1, 4};
  KvCaches<double> whole(graph, 1);
  const auto expected = execute(graph, weights, whole, ids, prefill(3, 1)).trace.logits;
  KvCaches<double> stepwise(graph, 1);
  execute(graph, weights, stepwise, std::span(ids).first(2), prefill(2, 1));
  EXPECT_EQ(stepwise.past(), 2U);
  EXPECT_EQ(execute(graph, weights, stepwise, std::span(ids).last(1), decode(3, 1)).trace.logits,
            expected);
}

}  // namespace
}  // namespace llmarch
