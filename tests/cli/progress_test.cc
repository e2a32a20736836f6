#include "sim/cli/run/progress.h"

#include <gtest/gtest.h>

namespace llmarch::cli {
namespace {

Progress three_stages() {
  return Progress({{"weights", 10}, {"decode", 20}, {"prefill", 10}});
}

TEST(Progress, BeginsWithNothingDone) {
  const Progress progress = three_stages();
  EXPECT_EQ(progress.done(0), 0);
  EXPECT_EQ(progress.seconds_left(0), 40);
}

// The weights took 30 seconds instead of 10; the remaining time does not depend on it.
TEST(Progress, CountsStagesThatAreOverAsWhatTheyWereExpectedToTake) {
  Progress progress = three_stages();
  progress.begin(1, 30);
  EXPECT_DOUBLE_EQ(progress.done(40), (10.0 + 10) / 40);
  EXPECT_DOUBLE_EQ(progress.seconds_left(40), 20);
}

TEST(Progress, KeepsAStageThatTakesLongerNearlyOver) {
  const Progress progress = three_stages();
  EXPECT_DOUBLE_EQ(progress.seconds_left(1000), 0.5 + 20 + 10);
}

TEST(Progress, TakesABetterGuessOfTheRunningStage) {
  Progress progress = three_stages();
  progress.begin(1, 0);
  progress.expect(50);
  EXPECT_DOUBLE_EQ(progress.seconds_left(25), 25 + 10);
}

TEST(ProgressLine, ShowsStageBarShareAndTimeLeft) {
  Progress progress = three_stages();
  progress.begin(1, 0);
  EXPECT_EQ(progress.line(10, 45), "decode [##########----------] 50 %, 20 s left");
}

TEST(ProgressLine, SaysMinutesWhenThereAreMany) {
  const Progress progress({{"decode", 200}});
  EXPECT_EQ(progress.line(0, 41), "decode [----------]  0 %, 3 min 20 s left");
}

TEST(ProgressLine, LeavesTheBarOutWhereThereIsNoRoom) {
  const std::string line = three_stages().line(0, 26);
  EXPECT_EQ(line, "weights  0 %, 40 s left");
}

TEST(ProgressLine, IsNeverWiderThanTheTerminal) {
  for (std::size_t width = 20; width < 120; ++width) {
    EXPECT_LE(three_stages().line(5, width).size(), width);
  }
}

}  // namespace
}  // namespace llmarch::cli
