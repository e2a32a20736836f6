// Which deployments there are on a machine, and which of them is named first.
#include "sim/study/best_deployment.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/study/text_model.h"

namespace llmarch {
namespace {

// Eight devices of 80 GiB on links of 400 GB/s.
Setting on_eight_devices(Integer batch) {
  Hardware machine;
  machine.memory.bytes = std::int64_t{80} << 30;
  machine.bandwidth.bytes_per_second = 2e12;
  machine.link = Link{400e9, 2e-6, ""};
  machine.devices = 8;
  return {.batch = batch,
          .weights = Scheme(DType::bf16),
          .machine = std::make_shared<const Hardware>(machine)};
}

BestQuestion question(const Model& model, Integer batch, Aim aim, Room room = {}) {
  const Setting setting = on_eight_devices(batch);
  room.each = Bytes(setting.machine->memory.bytes);
  return {model, setting, room, aim};
}

// 8 is 2 x 2 x 2, so tp, pp and dp share three factors: 10 ways.
TEST(DeploymentsOfEightRanks, AreEveryProduct) {
  EXPECT_EQ(deployments_of(8, text_model("llama-3.1-8b")).size(), 10U);
  for (const Deployment& each : deployments_of(8, text_model("mixtral-8x7b"))) {
    EXPECT_EQ(each.ranks(), 8);
  }
}

TEST(TheBestDeployment, TakesTheLeastTimeAStep) {
  const Model model = text_model("llama-3.1-8b");
  const DeploymentChoices choices = best_deployments(question(model, 8, Aim::latency));
  ASSERT_FALSE(choices.fitting.empty());
  EXPECT_TRUE(std::ranges::is_sorted(choices.fitting, {}, &DeploymentChoice::seconds));
  for (const DeploymentChoice& choice : choices.fitting) {
    EXPECT_EQ(choice.batch, 8);
    EXPECT_TRUE(choice.figures.fits());
  }
  EXPECT_EQ(Integer(std::ssize(choices.fitting)) + choices.too_large + choices.refused, 10);
}

// One sequence more for each rank does not fit.
TEST(TheBestDeployment, RunsAsManySequencesAsFitWhereThroughputIsTheAim) {
  const Model model = text_model("llama-3.1-8b");
  const BestQuestion asked = question(model, 1, Aim::throughput);
  const DeploymentChoices choices = best_deployments(asked);
  ASSERT_FALSE(choices.fitting.empty());
  for (const DeploymentChoice& choice : choices.fitting) {
    EXPECT_TRUE(choice.figures.fits());
    Setting more = asked.setting;
    more.parallel = choice.deployment;
    more.batch = choice.batch + choice.deployment.data;
    EXPECT_FALSE(rank_figures(model, more).fits());
    EXPECT_LE(choice.tokens_per_second(), choices.fitting.front().tokens_per_second());
  }
}

// 405 billion parameters in two bytes are 756 GiB, and eight devices have 640.
TEST(AModelThatNoDeploymentHolds, IsToldApartFromOneThatDoesNotDivide) {
  const Model model = text_model("llama-3.1-405b");
  const DeploymentChoices choices = best_deployments(question(model, 8, Aim::latency));
  EXPECT_TRUE(choices.fitting.empty());
  EXPECT_EQ(choices.too_large, 10);
}

// Llama 3.1 70B on two devices, each with half of its 80 layers or of its 8 key/value heads: a
// sequence of 8,192 positions of 128 elements in two bytes takes the same of a rank.
constexpr std::int64_t kSequence = 8192LL * 80 * 2 * (8 / 2) * 128 * 2;

// The sequences of tp=2, whose second device is like the first.
Integer most_on_two_devices(const Room& room) {
  const Model model = text_model("llama-3.1-70b");
  BestQuestion asked = question(model, 2, Aim::throughput, room);
  Hardware two = *asked.setting.machine;
  two.devices = 2;
  asked.setting.machine = std::make_shared<const Hardware>(two);
  for (const DeploymentChoice& choice : best_deployments(asked).fitting) {
    EXPECT_LE(choice.fullest.footprint.total(), asked.room.memory());
    if (choice.deployment.tensor == 2) return choice.batch;
  }
  return 0;
}

TEST(TheBestDeployment, LeavesEachRankItsShareOfWhatIsReserved) {
  const Integer all = most_on_two_devices({});
  EXPECT_EQ(most_on_two_devices({.each = {}, .reserve = Bytes(2 * 3 * kSequence)}), all - 3);
}

// A tenth of 80 GiB and 0.35 GiB are 6.68 of 1.25 GiB, and a prefill needs some more.
TEST(TheBestDeployment, LeavesRoomForWhatAnEngineTakesOfEachDevice) {
  const Integer all = most_on_two_devices({});
  const Integer served = most_on_two_devices({.each = {}, .engine = Engine::vllm});
  EXPECT_GT(served, 0);
  EXPECT_LE(served, all - 6);
}

}  // namespace
}  // namespace llmarch
