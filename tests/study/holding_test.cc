// Which part of a model is held: each bound from both sides.
#include "kernels/measure/holding.h"

#include <gtest/gtest.h>

#include "sim/graph/lower.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

// 40 layers with 2 of 8 experts of width 9, between an embedding and a head.
OpGraph mixture_graph() {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_mixture());
  spec.stack.front().repeat = 40;
  return lower(spec);
}

RunSetting small_run() {
  return {{.context = 64, .prompt = 16, .weights = DType::bf16}, 1};
}

Bytes need(const OpGraph& graph, const fast::Held& held, const RunSetting& run = small_run()) {
  return memory_need(graph, held, run).total();
}

fast::Held chosen(const OpGraph& graph, Bytes bound, const RunSetting& run = small_run()) {
  return std::get<fast::Held>(choose_held(graph, run, bound));
}

TEST(WhatIsHeld, IsAllOfItWhereThatJustFits) {
  const OpGraph graph = mixture_graph();
  const Bytes all = need(graph, fast::hold_everything(graph));
  EXPECT_TRUE(fast::is_whole(graph, chosen(graph, all)));
  EXPECT_FALSE(fast::is_whole(graph, chosen(graph, all - Bytes(1))));
}

TEST(WhatIsHeld, IsOneLayerAndTheExpertsOfOneTokenAtLeast) {
  const OpGraph graph = mixture_graph();
  const fast::Held smallest = smallest_slice(graph, small_run());
  EXPECT_EQ(smallest.layers, (std::vector<Integer>{1, 1, 1}));
  EXPECT_EQ(smallest.experts, 2);
  const fast::Held held = chosen(graph, need(graph, smallest));
  EXPECT_EQ(held.layers, smallest.layers);
  EXPECT_EQ(held.experts, 2);
  EXPECT_TRUE(std::holds_alternative<Shortage>(
      choose_held(graph, small_run(), need(graph, smallest) - Bytes(1))));
}

TEST(WhatIsHeld, HasAsManyExpertsAsFit) {
  const OpGraph graph = mixture_graph();
  const Bytes five = need(graph, {{1, 1, 1}, 5});
  EXPECT_EQ(chosen(graph, five).experts, 5);
  EXPECT_EQ(chosen(graph, five - Bytes(1)).experts, 4);
}

// 3 sequences may choose 6 different experts of a layer in one step, 5 of them all 8.
TEST(WhatIsHeld, HasNoFewerExpertsThanABatchReads) {
  const OpGraph graph = mixture_graph();
  RunSetting run = small_run();
  run.setting.batch = 3;
  EXPECT_EQ(smallest_slice(graph, run).experts, 6);
  run.setting.batch = 5;
  EXPECT_EQ(smallest_slice(graph, run).experts, 8);
}

TEST(WhatIsHeld, SaysNothingOfExpertsWhereThereAreNone) {
  const OpGraph graph = lower(tiny_model(tiny_grouped(), tiny_dense()));
  EXPECT_FALSE(smallest_slice(graph, small_run()).experts.has_value());
  const HeldCounts counts = held_counts(graph, fast::hold_everything(graph));
  EXPECT_EQ(counts.experts, 0);
  EXPECT_EQ(counts.of_experts, 0);
}

// A layer of 64 MiB: four of them are read between two readings of the same weight.
TEST(WhatIsHeld, HasSeveralLayersWhereOneWouldStayInTheProcessorsCache) {
  DenseFeedForward dense;
  dense.width = 16384;  // two matrices of 1,024 x 16,384 in bf16: 64 MiB
  ArchSpec spec = tiny_model(tiny_grouped(), dense);
  spec.hidden = 1024;
  spec.stack.front().repeat = 100;
  const OpGraph graph = lower(spec);
  const Bytes all = need(graph, fast::hold_everything(graph));
  EXPECT_EQ(chosen(graph, all - Bytes(1)).layers, (std::vector<Integer>{1, 4, 1}));
}

TEST(HeldCounts, SayHowMuchOfTheModelThereIs) {
  const OpGraph graph = mixture_graph();
  const HeldCounts counts = held_counts(graph, {{1, 3, 1}, 4});
  EXPECT_EQ(counts.layers, 3);
  EXPECT_EQ(counts.of_layers, 40);
  EXPECT_EQ(counts.experts, 4);
  EXPECT_EQ(counts.of_experts, 8);
}

// What is reported to fit does fit, and one more does not.
TEST(AShortage, NamesTheLongestContextAndTheLargestBatchThatFit) {
  const OpGraph graph = mixture_graph();
  RunSetting wanted = small_run();
  wanted.setting.context = 1 << 20;
  wanted.setting.batch = 64;
  RunSetting fits = wanted;
  fits.setting.context = 1 << 16;
  const Bytes bound = need(graph, smallest_slice(graph, fits), fits);
  const auto shortage = std::get<Shortage>(choose_held(graph, wanted, bound));
  ASSERT_TRUE(shortage.context && shortage.batch);
  EXPECT_GE(*shortage.context, 1 << 16);
  const auto fits_with = [&](Integer context, Integer batch) {
    RunSetting run = wanted;
    run.setting.context = context;
    run.setting.batch = batch;
    return need(graph, smallest_slice(graph, run), run) <= bound;
  };
  EXPECT_TRUE(fits_with(*shortage.context, 64));
  EXPECT_FALSE(fits_with(*shortage.context + 1, 64));
  EXPECT_TRUE(fits_with(1 << 20, *shortage.batch));
  EXPECT_FALSE(fits_with(1 << 20, *shortage.batch + 1));
}

TEST(AShortage, NamesNothingWhereNotEvenOneKeyFits) {
  const OpGraph graph = mixture_graph();
  const auto shortage = std::get<Shortage>(choose_held(graph, small_run(), Bytes(1000)));
  EXPECT_FALSE(shortage.context || shortage.batch);
  EXPECT_GT(shortage.need.total(), Bytes(1000));
}

}  // namespace
}  // namespace llmarch
