#include "kernels/fast/team.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

TEST(ATeam, RunsEveryThreadOnceEachTime) {
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Team team(threads, Isa::portable);
    std::vector<int> runs(threads, 0);
    for (int i = 0; i < 200; ++i) team.run([&](std::size_t thread) { ++runs[thread]; });
    EXPECT_EQ(runs, std::vector<int>(threads, 200));
  }
}

TEST(ATeam, WakesAfterALongRest) {
  Team team(2, Isa::portable);
  std::atomic<int> runs{0};
  team.run([&](std::size_t) { ++runs; });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  team.run([&](std::size_t) { ++runs; });
  EXPECT_EQ(runs, 4);
}

TEST(ATeam, OfNobodyIsRefused) {
  EXPECT_THROW(Team(0, Isa::portable), std::invalid_argument);
}

TEST(Shares, CoverEverythingOnce) {
  for (const std::size_t count : {0U, 1U, 7U, 100U}) {
    std::size_t next = 0;
    for (std::size_t thread = 0; thread < 3; ++thread) {
      const Share share = share_of(count, thread, 3);
      EXPECT_EQ(share.first, next);
      next = share.last;
    }
    EXPECT_EQ(next, count);
  }
}

TEST(InstructionSets, AlwaysIncludeThePortableOne) {
  EXPECT_EQ(available_isas().front(), Isa::portable);
  EXPECT_EQ(available_isas().back(), best_isa());
}

}  // namespace
}  // namespace llmarch::fast
