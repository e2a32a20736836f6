// Which differences between two runs the comparison of the engine with the reference kernels takes
// for another choice, after which no number has to agree.
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "tests/engine/engine_agreement.h"

namespace llmarch::fast {
namespace {

// Two tokens of two experts each.
Trace routed(std::vector<std::int64_t> experts, std::vector<float> weights) {
  Trace trace;
  trace.routing.push_back({0, 2, std::move(experts), std::move(weights)});
  return trace;
}

TEST(SameChoices, AreTheSameExpertsWhateverTheirWeights) {
  const Trace run = routed({1, 3, 0, 2}, {0.5F, 1, 0.25F, 0.75F});
  EXPECT_TRUE(same_choices(run, run));
  EXPECT_TRUE(same_choices(routed({1, 3, 0, 2}, {0.5F, 1, 0.5F, 0.75F}), run));
  EXPECT_FALSE(same_choices(routed({1, 2, 0, 2}, {0.5F, 1, 0.25F, 0.75F}), run));
}

TEST(SameChoices, AreNotThoseWhoseExpertsHaveEachOthersWeights) {
  const Trace run = routed({1, 3, 0, 2}, {0.5F, 1, 0.25F, 0.75F});
  EXPECT_FALSE(same_choices(routed({1, 3, 0, 2}, {1, 0.5F, 0.25F, 0.75F}), run));
  // Weights that changed places between tokens did not change places between experts.
  EXPECT_TRUE(same_choices(routed({1, 3, 0, 2}, {0.25F, 0.75F, 0.5F, 1}), run));
}

}  // namespace
}  // namespace llmarch::fast
