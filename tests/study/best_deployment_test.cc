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

// 8 is 2 x 2 x 2, so tp, pp and dp share three factors: 10 ways.
TEST(DeploymentsOfEightRanks, AreEveryProduct) {
  EXPECT_EQ(deployments_of(8, text_model("llama-3.1-8b")).size(), 10U);
  for (const Deployment& each : deployments_of(8, text_model("mixtral-8x7b"))) {
    EXPECT_EQ(each.ranks(), 8);
  }
}

TEST(TheBestDeployment, TakesTheLeastTimeAStep) {
  const Model model = text_model("llama-3.1-8b");
  const DeploymentChoices choices = best_deployments(model, on_eight_devices(8), Aim::latency);
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
  const Setting setting = on_eight_devices(1);
  const DeploymentChoices choices = best_deployments(model, setting, Aim::throughput);
  ASSERT_FALSE(choices.fitting.empty());
  for (const DeploymentChoice& choice : choices.fitting) {
    EXPECT_TRUE(choice.figures.fits());
    Setting more = setting;
    more.parallel = choice.deployment;
    more.batch = choice.batch + choice.deployment.data;
    EXPECT_FALSE(rank_figures(model, more).fits());
    EXPECT_LE(choice.tokens_per_second(), choices.fitting.front().tokens_per_second());
  }
}

// 405 billion parameters in two bytes are 756 GiB, and eight devices have 640.
TEST(AModelThatNoDeploymentHolds, IsToldApartFromOneThatDoesNotDivide) {
  const DeploymentChoices choices =
      best_deployments(text_model("llama-3.1-405b"), on_eight_devices(8), Aim::latency);
  EXPECT_TRUE(choices.fitting.empty());
  EXPECT_EQ(choices.too_large, 10);
}

}  // namespace
}  // namespace llmarch
