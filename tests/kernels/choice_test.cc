// Which keys an index chooses, by scores that a reader can put in order.
#include "kernels/reference/choice_kernels.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace llmarch {
namespace {

using testing::ElementsAre;

TEST(TheBestScores, AreChosenInTheOrderOfTheirKeys) {
  EXPECT_THAT(reference::best({1, 3, 2, 4}, 2), ElementsAre(1, 3));
  EXPECT_THAT(reference::best({2, 1, 2, 2}, 2), ElementsAre(0, 2));
  EXPECT_THAT(reference::best({5, 6}, 4), ElementsAre(0, 1));
}

// 2 * relu(1 * 3) - 1 * relu(-1 * 3) + 4 * relu(2 * 3)
TEST(AnIndexScore, WeighsTheProductsThatArePositive) {
  const std::vector<double> queries{1, -1, 2};
  const std::vector<double> key{3};
  const std::vector<double> weights{2, -1, 4};
  EXPECT_EQ(reference::index_score<double>(queries, key, weights), 2 * 3 + 4 * 6);
}

// Blocks of two keys, of which the fourth, with a key so far, is the query's own.
TEST(ABlockOfKeys, IsScoredByTheBestOfItsKeys) {
  const std::vector<double> scores{1, 4, 2, 0, -5, -3, -9};
  EXPECT_THAT(reference::block_scores(scores, 2),
              ElementsAre(4, 2, -3, std::numeric_limits<double>::infinity()));
}

TEST(TheBlockOfTheQuery, IsChosenBesideBlocksThatAreNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> scores{std::nan(""), 0, infinity, 0, 0, std::nan(""), -9};
  EXPECT_THAT(reference::best(reference::block_scores(scores, 2), 2), ElementsAre(0, 3));
}

}  // namespace
}  // namespace llmarch
