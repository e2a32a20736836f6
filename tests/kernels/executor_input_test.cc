// What execute refuses before it computes anything.
#include <gtest/gtest.h>

#include "kernels/reference/executor.h"
#include "sim/graph/lower.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using Ids = std::vector<std::int64_t>;

// Vocabulary 31; 32 learned positions.
class AnExecutor : public ::testing::Test {
 protected:
  static OpGraph graph_with_positions() {
    ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
    spec.learned_positions = 32;
    return lower(spec);
  }
  Execution run(const Ids& ids, const Workload& workload) {
    return execute(graph_, weights_, caches_, ids, workload);
  }

  const OpGraph graph_ = graph_with_positions();
  const WeightStore weights_ = synthetic_weights(graph_, 1);
  KvCaches<double> caches_{graph_, 1};
};

TEST_F(AnExecutor, TakesEveryTokenOfTheVocabulary) {
  EXPECT_NO_THROW(run({0, 30}, prefill(2, 1)));
}

TEST_F(AnExecutor, RefusesTokensOutsideTheVocabulary) {
  EXPECT_THROW(run({0, 31}, prefill(2, 1)), std::invalid_argument);
  EXPECT_THROW(run({-1, 0}, prefill(2, 1)), std::invalid_argument);
}

TEST_F(AnExecutor, RefusesAnotherNumberOfTokensThanTheWorkloads) {
  EXPECT_THROW(run({1, 2}, prefill(3, 1)), std::invalid_argument);
  EXPECT_THROW(run({1, 2, 3, 4}, prefill(3, 1)), std::invalid_argument);
}

TEST_F(AnExecutor, RefusesAWorkloadOfNothing) {
  EXPECT_THROW(run({}, prefill(0, 1)), std::invalid_argument);
  EXPECT_THROW(run({}, prefill(1, 0)), std::invalid_argument);
  EXPECT_THROW(run({1}, {-1, 0, -1}), std::invalid_argument);
}

TEST_F(AnExecutor, RefusesACacheOfAnotherBatch) {
  EXPECT_THROW(run({1, 2}, prefill(1, 2)), std::invalid_argument);
}

TEST_F(AnExecutor, RefusesACacheThatDoesNotHoldThePast) {
  EXPECT_THROW(run({1}, decode(3, 1)), std::invalid_argument);
  run({1, 2}, prefill(2, 1));
  EXPECT_THROW(run({1}, prefill(1, 1)), std::invalid_argument);
  EXPECT_THROW(run({1}, decode(4, 1)), std::invalid_argument);
  EXPECT_THROW(run({1}, {1, -2, 1}), std::invalid_argument);
  EXPECT_NO_THROW(run({1}, decode(3, 1)));
}

TEST_F(AnExecutor, GoesToTheLastLearnedPositionAndNoFurther) {
  EXPECT_THROW(run(Ids(33, 0), prefill(33, 1)), std::invalid_argument);
  EXPECT_NO_THROW(run(Ids(31, 0), prefill(31, 1)));
  EXPECT_NO_THROW(run({1}, decode(32, 1)));
  EXPECT_THROW(run({1}, decode(33, 1)), std::invalid_argument);
}

TEST_F(AnExecutor, LeavesItsCachesAloneWhenItRefuses) {
  EXPECT_THROW(run({99}, prefill(1, 1)), std::invalid_argument);
  EXPECT_EQ(caches_.held(), Elements(0));
}

}  // namespace
}  // namespace llmarch
