// What the reference kernels keep for each kind of state.
#include <gmock/gmock.h>

#include <variant>

#include "kernels/reference/kv_cache.h"
#include "tests/support/graph_of_caches.h"

namespace llmarch {
namespace {

using testing::Each;
using testing::SizeIs;

TEST(AFixedState, IsZeroBeforeTheFirstStepAndThereForEachSequence) {
  KvCaches<double> caches(graph_of_caches(), 3);
  EXPECT_EQ(caches.held(), Elements(2 * 3 * 10)) << "the other caches hold nothing yet";
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (std::size_t sequence = 0; sequence < 3; ++sequence) {
      const auto row = caches.state_of(kFixedState, layer).row(sequence);
      EXPECT_THAT(row, SizeIs(10));
      EXPECT_THAT(row, Each(0.0));
    }
  }
}

TEST(AFixedState, IsAsItWasInACopyOfTheCaches) {
  KvCaches<double> caches(graph_of_caches(), 1);
  caches.state_of(kFixedState, 1).row(0)[4] = 2.5;
  KvCaches<double> before = caches;
  caches.state_of(kFixedState, 1).row(0)[4] = -1;
  EXPECT_EQ(before.state_of(kFixedState, 1).row(0)[4], 2.5);
}

TEST(ACache, IsNotTakenForOneOfAnotherKind) {
  KvCaches<double> caches(graph_of_caches(), 1);
  EXPECT_THROW((void)caches.of(kFixedState, 0), std::bad_variant_access);
  EXPECT_THROW((void)caches.state_of(kFixedState + 1, 0), std::bad_variant_access);
}

}  // namespace
}  // namespace llmarch
