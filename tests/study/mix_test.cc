// What requests that are served together see, by hand.
#include "sim/study/mix.h"

#include <gmock/gmock.h>

#include "tests/support/model_specs.h"
#include "tests/support/tiny_models.h"
#include "tests/support/toy_machine.h"

namespace llmarch {
namespace {

const EngineTimes kEngine{.source = "toy",
                          .engine = "toy",
                          .rows = 5,
                          .decode_factor = 2,
                          .prefill_factor = 3,
                          .spread = {0.5, 1, 4},
                          .first_prefill_factor = 5,
                          .first_decode_factor = 7,
                          .first_others_factor = 11};

// Between two tokens of a request, a fourth of a prefill: 8 others are filled in over 32 tokens.
TEST(ATokenOfAMix, TakesADecodeStepAndItsPartOfThePrefillsOfAll) {
  const MixSteps steps{.decode = 10, .prefill = 100, .running = 8, .generated = 32};
  EXPECT_DOUBLE_EQ(token_seconds(kEngine, steps), 2 * 10 + 3 * 100 * 8.0 / 32);
  EXPECT_DOUBLE_EQ(first_token_seconds(kEngine, steps), 5 * 100 + 7 * 10 + 11 * 100 * 8);
  EXPECT_DOUBLE_EQ(token_seconds(no_engine(), steps), 10 + 100 * 8.0 / 32);
  EXPECT_DOUBLE_EQ(first_token_seconds(no_engine(), steps), 100 + 10);
}

TEST(TheRoomOfAnEngine, IsThatOfItsRulesOrATenthLess) {
  EXPECT_EQ(served_room(Bytes(1'000), "vllm").engine, Engine::vllm);
  EXPECT_EQ(served_room(Bytes(1'000), "trtllm").reserve, Bytes(100));
  EXPECT_EQ(served_room(Bytes(1'000), "none").reserve, Bytes(0));
}

Setting on_toy() {
  return {.weights = Scheme(DType::f32), .kv = DType::f32, .machine = toy_machine()};
}

const Model& model() {
  static const Model tiny = make_model(tiny_model(tiny_grouped(), tiny_dense()), {});
  return tiny;
}

// Room for two and a half sequences of 30 positions: two run.
TEST(Requests, RunAsFarAsTheMemoryHoldsThemUntilTheirLastTokens) {
  Setting setting = on_toy();
  setting.context = 30;
  setting.batch = 2;
  const Bytes two = footprint(model(), setting).total();
  setting.batch = 3;
  const Bytes three = footprint(model(), setting).total();
  const Room room{.each = two + Bytes((three - two).amount() / 2)};
  EXPECT_EQ(running_at_a_time(model(), setting, {8, 20, 10}, room), 2);
  EXPECT_EQ(running_at_a_time(model(), setting, {1, 20, 10}, room), 1);
}

TEST(AMix, IsLookedAtInTheMiddleAndAtTheLastOfItsTokens) {
  const Room room{.each = Bytes(toy_machine()->memory.bytes)};
  const MixFigures mix = mix_figures(model(), on_toy(), {4, 20, 10}, room, no_engine());
  EXPECT_EQ(mix.setting.batch, 4);
  EXPECT_EQ(mix.mean.context, 25);
  EXPECT_EQ(mix.worst.context, 30);
  EXPECT_GT(mix.worst.floor, mix.mean.floor);
  EXPECT_FALSE(mix.first);
  EXPECT_FALSE(mix.mean.estimate);
}

// A machine on which products take a second and attention ten.
Machine timed_toy() {
  Hardware machine = *toy_machine();
  MachineTimes times{"toy", "toy", {"toy"}, {}};
  for (const auto& [operation, seconds] :
       {std::pair{TimedOperation::product, 1.0}, std::pair{TimedOperation::decode_attention, 10.0},
        std::pair{TimedOperation::prefill_attention, 10.0}}) {
    times.operation.push_back({.operation = operation,
                               .kernels = "toy",
                               .formats = {"f32"},
                               .arithmetic = DType::f32,
                               .rows = 1,
                               .launch_seconds = seconds,
                               .up_to_seconds = {1e6},
                               .p10 = {0.5},
                               .median = {1},
                               .p90 = {2}});
  }
  machine.times = std::make_shared<const MachineTimes>(times);
  return std::make_shared<const Hardware>(machine);
}

TEST(AMix, HasTheSpreadOfItsEngineOrElseOfItsOperations) {
  Setting setting = on_toy();
  setting.machine = timed_toy();
  const Room room{.each = Bytes(setting.machine->memory.bytes)};
  const Mix four{4, 20, 10};
  const Estimate alone = *mix_figures(model(), setting, four, room, no_engine()).mean.estimate;
  EXPECT_NEAR(alone.p10 / alone.median, 0.5, 1e-6);
  EXPECT_NEAR(alone.p90 / alone.median, 2, 1e-6);
  const Estimate served = *mix_figures(model(), setting, four, room, kEngine).mean.estimate;
  EXPECT_NEAR(served.p10 / served.median, 0.5, 1e-6);
  EXPECT_NEAR(served.p90 / served.median, 4, 1e-6);
  // As a decode step takes as long as a prefill of one prompt: 1 + 4/10 and 2 + 3 x 4/10 of it.
  EXPECT_NEAR(served.median / alone.median, 3.2 / 1.4, 1e-6);
}

}  // namespace
}  // namespace llmarch
