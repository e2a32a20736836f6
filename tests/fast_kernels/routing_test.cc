#include "tests/fast_kernels/guarded.h"

#include "kernels/fast/row_kernels.h"

namespace llmarch::fast {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::FloatNear;

Chosen choose(const Router& router, std::size_t count, std::vector<float> logits,
              std::vector<float> correction = {}) {
  return choose_experts(router, count, {logits.data(), 1, logits.size(), logits.size()},
                        correction);
}

TEST(Routing, ChoosesTheLargestAscendingAndOfEqualsTheFirst) {
  EXPECT_THAT(choose({}, 2, {1, 3, 2, 3}).experts, ElementsAre(1, 3));
  EXPECT_THAT(choose({}, 1, {3, 3, 3}).experts, ElementsAre(0));
}

TEST(Routing, WeighsBySoftmaxOrSigmoid) {
  Router router;
  const float ln3 = std::log(3.0F);
  EXPECT_THAT(choose(router, 1, {0, ln3}).weights, ElementsAre(FloatEq(0.75F)));
  router.scoring = Scoring::sigmoid;
  EXPECT_THAT(choose(router, 1, {-9, ln3}).weights, ElementsAre(FloatEq(0.75F)));
}

TEST(Routing, NormalizesAndScalesWeights) {
  Router router;
  router.normalized_weights = true;
  router.weight_scale = 2.0;
  const float ln3 = std::log(3.0F);
  EXPECT_THAT(choose(router, 2, {0, ln3, -30}).weights, ElementsAre(FloatEq(0.5F), FloatEq(1.5F)));
}

// The sigmoids are below every float; that of -200 + ln 3 is three times that of -200.
TEST(Routing, NormalizesWeightsThatAreNothingInFloat) {
  Router router;
  router.scoring = Scoring::sigmoid;
  router.normalized_weights = true;
  EXPECT_THAT(choose(router, 1, {-200}).weights, ElementsAre(FloatEq(1)));
  const float three_times = -200 + std::log(3.0F);
  EXPECT_THAT(choose(router, 2, {-200, three_times}).weights,
              ElementsAre(FloatNear(0.25F, 1e-5F), FloatNear(0.75F, 1e-5F)));
}

TEST(Routing, CorrectsTheChoiceAndNotTheWeights) {
  Router router;
  router.scoring = Scoring::sigmoid;
  const Chosen chosen = choose(router, 1, {0, 1}, {1, 0});
  EXPECT_THAT(chosen.experts, ElementsAre(0));
  EXPECT_THAT(chosen.weights, ElementsAre(FloatEq(0.5F)));
}

TEST(Routing, ChoosesWhatIsNotANumber) {
  Router router;
  router.scoring = Scoring::sigmoid;
  const float nan = std::nanf("");
  const Chosen chosen = choose(router, 1, {3, nan, 4});
  EXPECT_THAT(chosen.experts, ElementsAre(1));
  EXPECT_TRUE(std::isnan(chosen.weights.front()));
}

// Groups (4, 0), (3, 3): by its best expert the first leads, by its two best the second.
TEST(Routing, ChoosesWithinTheBestGroups) {
  Router router;
  router.groups = ExpertGroups{2, 1, GroupScore::best};
  EXPECT_THAT(choose(router, 2, {4, 0, 3.9F, 3.8F}).experts, ElementsAre(0, 1));
  router.groups->score = GroupScore::best_two;
  EXPECT_THAT(choose(router, 2, {4, 0, 3.9F, 3.8F}).experts, ElementsAre(2, 3));
}

}  // namespace
}  // namespace llmarch::fast
