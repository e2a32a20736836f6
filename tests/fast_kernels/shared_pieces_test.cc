// Which thread takes which pieces of work. Except in the last test, one thread plays all of them,
// and a number says which thread asks.
#include "kernels/fast/shared_pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace llmarch::fast {
namespace {

// Two shares of 16, the last two pieces of each of which another thread may take.
TEST(SharedPieces, AreEqualSharesButForTheLastEighth) {
  const SharedPieces pieces(32, 2);
  EXPECT_EQ(pieces.certain(0).first, 0U);
  EXPECT_EQ(pieces.certain(0).last, 14U);
  EXPECT_EQ(pieces.certain(1).first, 16U);
  EXPECT_EQ(pieces.certain(1).last, 30U);
}

TEST(SharedPieces, AreTakenInOrderByTheirOwnThread) {
  SharedPieces pieces(32, 2);
  EXPECT_EQ(pieces.next(0), 14U);
  EXPECT_EQ(pieces.next(0), 15U);
  EXPECT_EQ(pieces.next(1), 30U);
}

TEST(SharedPieces, AreTakenFromTheEndByAThreadThatHasNoneLeft) {
  SharedPieces pieces(64, 2);
  for (int own = 0; own < 4; ++own) pieces.next(0);
  EXPECT_EQ(pieces.next(0), 63U);
  EXPECT_EQ(pieces.next(1), 60U);
  EXPECT_EQ(pieces.next(0), 62U);
  EXPECT_EQ(pieces.next(1), 61U);
  EXPECT_EQ(pieces.next(0), std::nullopt);
  EXPECT_EQ(pieces.next(1), std::nullopt);
}

// Shares of 16, of each of which two pieces are shared.
TEST(SharedPieces, AreTakenFromEveryShareByAThreadThatGoesOnAlone) {
  for (const std::size_t threads : {2U, 3U, 4U, 5U}) {
    for (std::size_t thread = 0; thread < threads; ++thread) {
      SharedPieces pieces(16 * threads, threads);
      std::size_t taken = 0;
      while (pieces.next(thread)) ++taken;
      EXPECT_EQ(taken, 2 * threads) << thread << " of " << threads;
    }
  }
}

TEST(SharedPieces, AreAllCertainToAThreadThatIsAlone) {
  SharedPieces pieces(32, 1);
  EXPECT_EQ(pieces.certain(0).first, 0U);
  EXPECT_EQ(pieces.certain(0).last, 32U);
  EXPECT_EQ(pieces.next(0), std::nullopt);
}

// Fewer pieces than threads, shares that are not alike, many: each piece once.
TEST(SharedPieces, AreEachTakenOnceByThreadsThatRun) {
  constexpr std::size_t kThreads = 3;
  Team team(kThreads, best_isa());
  for (const std::size_t count : {0U, 1U, 2U, 25U, 5000U}) {
    SharedPieces pieces(count, kThreads);
    std::vector<std::vector<std::size_t>> taken(kThreads);
    team.run([&](std::size_t thread) {
      const Share certain = pieces.certain(thread);
      for (std::size_t i = certain.first; i < certain.last; ++i) taken[thread].push_back(i);
      while (const auto piece = pieces.next(thread)) taken[thread].push_back(*piece);
    });
    std::vector<std::size_t> all;
    for (const auto& some : taken) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    std::vector<std::size_t> expected(count);
    std::iota(expected.begin(), expected.end(), 0U);
    EXPECT_EQ(all, expected) << count;
  }
}

}  // namespace
}  // namespace llmarch::fast
