// How many streams of memory a team reads.
#include "kernels/fast/memory_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "kernels/fast/huge_memory.h"

namespace llmarch::fast {
namespace {

TEST(MemoryStreams, AreWhatTheyWereWhereTheCachesHoldAllMemory) {
  const std::vector<std::byte> memory(1U << 20U);
  for (const std::size_t streams : {1U, 2U, 4U}) {
    Team team(2, best_isa());
    team.use_streams(streams);
    EXPECT_EQ(fastest_streams(team, memory), streams);
  }
}

// A little over a quarter of a GiB, of which no page was written. It does not matter which number
// of streams is found, only that it was tried and is no longer the team's own.
TEST(MemoryStreams, AreOneTwoOrFourWhereThereIsMemoryToTry) {
  const std::size_t bytes = (std::size_t{1} << 28U) + 100;
  HugeMemory memory(bytes);
  const std::span<const std::byte> taken(memory.take(bytes), bytes);
  for (const Isa isa : available_isas()) {
    Team team(2, isa);
    team.use_streams(3);
    EXPECT_THAT(fastest_streams(team, taken), ::testing::AnyOf(1U, 2U, 4U));
  }
}

}  // namespace
}  // namespace llmarch::fast
