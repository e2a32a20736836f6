// What caches of each kind of state hold: a row for each position, one for each sequence, or one
// for every few positions.
#include <gtest/gtest.h>

#include "sim/cost/cost_curve.h"
#include "sim/cost/predict.h"
#include "tests/support/graph_of_caches.h"

namespace llmarch {
namespace {

class CachesOfEachKind : public testing::Test {
 protected:
  const OpGraph graph_ = graph_of_caches();
};

// Two layers, three sequences: 6 columns for each position, 4 for each of three at most, 10
// whatever the context, 8 for each complete group of four.
TEST_F(CachesOfEachKind, HoldTheirEntries) {
  EXPECT_EQ(cache_elements(graph_, 1, 3), Elements(2 * 3 * (6 + 4 + 10)));
  EXPECT_EQ(cache_elements(graph_, 3, 3), Elements(2 * 3 * (6 * 3 + 4 * 3 + 10)));
  EXPECT_EQ(cache_elements(graph_, 4, 3), Elements(2 * 3 * (6 * 4 + 4 * 3 + 10 + 8)));
  EXPECT_EQ(cache_elements(graph_, 9, 3), Elements(2 * 3 * (6 * 9 + 4 * 3 + 10 + 8 * 2)));
}

TEST_F(CachesOfEachKind, GrowWithAPositionUnlessTheyAreFixed) {
  EXPECT_EQ(cache_bytes_per_token(graph_), Bytes(2 * 2 * (6 + 4 + 8 / 4)));
}

TEST_F(CachesOfEachKind, AreOnOneCurve) {
  const CacheCurve curve(graph_, 3);
  for (std::int64_t context = 1; context <= 20; ++context) {
    EXPECT_EQ(curve.held(context), cache_bytes(graph_, context, 3)) << context;
    EXPECT_EQ(curve.peak(context), curve.held(context)) << "nothing here ever shrinks";
  }
}

// Within chunks of five the most is held at position 10; of a fixed state as much as ever. Elements
// are stored in bf16.
TEST_F(CachesOfEachKind, HoldTheMostAtTheEndOfAChunk) {
  OpGraph graph = graph_;
  graph.caches.front().state = Growing{Chunk{5}};
  const CacheCurve curve(graph, 3);
  EXPECT_EQ(curve.held(11), Bytes(2 * 2 * 3 * (6 * 1 + 4 * 3 + 10 + 8 * 2)));
  EXPECT_EQ(curve.peak(11), Bytes(2 * 2 * 3 * (6 * 5 + 4 * 3 + 10 + 8 * 2)));
}

TEST(ASequence, IsCountedOnceInAStepHoweverManyTokensItHas) {
  EXPECT_EQ(quantity(Driver::sequence, EveryKey{}, decode(100, 7)), 7);
  EXPECT_EQ(quantity(Driver::sequence, EveryKey{}, prefill(100, 7)), 7);
}

}  // namespace
}  // namespace llmarch
