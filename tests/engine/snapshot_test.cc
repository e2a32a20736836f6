// Going back to before a step: what the engine then runs is the same step again.
#include <gmock/gmock.h>

#include <stdexcept>

#include "kernels/engine/engine.h"
#include "kernels/fast/isa.h"
#include "sim/graph/lower.h"
#include "tests/engine/engine_options.h"
#include "tests/support/tiny_models.h"

namespace llmarch::fast {
namespace {

using Ids = std::vector<std::int64_t>;

// A window that the prompt fills, so that the step pushes the oldest position out.
OpGraph model_with_a_window() {
  GroupedAttention attention = tiny_grouped();
  attention.window = 3;
  return lower(tiny_model(attention, tiny_dense()));
}

TEST(AStep, IsTheSameAfterItsSnapshotIsRestored) {
  const OpGraph graph = model_with_a_window();
  EngineOptions options = whole_options(graph, 6);
  Engine engine = Engine::synthetic(graph, options, 5);
  (void)engine.run(prefill(5, 1), Ids{1, 2, 3, 4, 5});
  const EngineSnapshot before = engine.snapshot();
  const StepRun first = engine.run(decode(6, 1), Ids{6}, Keep::logits);
  EXPECT_EQ(engine.past(), 6);
  engine.restore(before);
  EXPECT_EQ(engine.past(), 5);
  const StepRun again = engine.run(decode(6, 1), Ids{6}, Keep::logits);
  EXPECT_EQ(again.trace.logits, first.trace.logits);
  EXPECT_EQ(again.book.total, first.book.total);
  EXPECT_EQ(again.cache.bytes, first.cache.bytes);
  engine.restore(before);
  EXPECT_NE(engine.run(decode(6, 1), Ids{7}, Keep::logits).trace.logits, first.trace.logits);
}

// A convolution overwrites its state in the step, and attention beside it appends to its cache.
OpGraph model_with_a_fixed_state() {
  ArchSpec spec = tiny_model(ShortConvolution{4}, tiny_dense());
  spec.attention.push_back({"gqa", tiny_grouped()});
  spec.layer.push_back({"gqa", {Reference{"gqa", 1}, Reference{"feed", 0}}});
  spec.stack.front().repeat = 2;
  spec.stack.push_back({{{"gqa", 1}}, 1});
  return lower(spec);
}

class AStepOverAFixedState : public testing::TestWithParam<DType> {};

TEST_P(AStepOverAFixedState, IsTheSameAfterItsSnapshotIsRestored) {
  const OpGraph graph = held_in(GetParam(), model_with_a_fixed_state());
  const EngineOptions options = whole_options(graph, 6);
  Engine engine = Engine::synthetic(graph, options, 5);
  (void)engine.run(prefill(5, 1), Ids{1, 2, 3, 4, 5});
  const EngineSnapshot before = engine.snapshot();
  const StepRun first = engine.run(decode(6, 1), Ids{6}, Keep::logits);
  engine.restore(before);
  const StepRun again = engine.run(decode(6, 1), Ids{6}, Keep::logits);
  EXPECT_EQ(again.trace.logits, first.trace.logits);
  EXPECT_EQ(again.book.total, first.book.total);
  engine.restore({before.positions, engine.snapshot().states});
  EXPECT_NE(engine.run(decode(6, 1), Ids{6}, Keep::logits).trace.logits, first.trace.logits)
      << "the state after the step is not the state before it";
}

TEST_P(AStepOverAFixedState, BeginsWithoutAStateAfterEverythingIsForgotten) {
  const OpGraph graph = held_in(GetParam(), model_with_a_fixed_state());
  const EngineOptions options = whole_options(graph, 6);
  Engine engine = Engine::synthetic(graph, options, 5);
  const StepRun first = engine.run(prefill(3, 1), Ids{1, 2, 3}, Keep::logits);
  engine.forget();
  EXPECT_EQ(engine.run(prefill(3, 1), Ids{1, 2, 3}, Keep::logits).trace.logits, first.trace.logits);
}

INSTANTIATE_TEST_SUITE_P(Formats, AStepOverAFixedState, testing::Values(DType::f32, DType::bf16),
                         [](const auto& each) { return std::string(name_of(each.param)); });

TEST(ASnapshot, OfAnotherEngineIsRefused) {
  const OpGraph graph = model_with_a_fixed_state();
  Engine engine = Engine::synthetic(graph, whole_options(graph, 6), 5);
  EXPECT_THROW(engine.restore({0}), std::invalid_argument) << "a snapshot without the states";
}

TEST(ASnapshot, IsRestoredWithinAStepOnly) {
  const OpGraph graph = model_with_a_window();
  EngineOptions options = whole_options(graph, 6);
  options.step_tokens = 1;
  Engine engine = Engine::synthetic(graph, options, 5);
  const EngineSnapshot empty = engine.snapshot();
  (void)engine.run(decode(1, 1), Ids{1});
  const EngineSnapshot one = engine.snapshot();
  (void)engine.run(decode(2, 1), Ids{2});
  EXPECT_THROW(engine.restore(empty), std::invalid_argument);
  engine.restore(one);
  EXPECT_EQ(engine.past(), 1);
  EXPECT_THROW(engine.restore({2}), std::invalid_argument) << "a position that was not run";
}

}  // namespace
}  // namespace llmarch::fast
