#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

// A study is a test of itself: status 1 when a verdict is not what it expects.
TEST(Report, OfTheArticleGivesTheVerdictsThatItExpects) {
  const Seen seen = run_llmarch("report article --format md");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("| C53 |"), std::string::npos);
  EXPECT_EQ(seen.output.find("(expected:"), std::string::npos);
}

TEST(Report, OfAnUnknownStudyNamesTheNearest) {
  const Seen seen = run_llmarch("report articl");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("did you mean 'article'?"), std::string::npos);
}

TEST(Compare, OnAMachineIsNamedAndOneThatIsUnknownIsRefused) {
  const Seen seen = run_llmarch("compare llama-3.1-8b --on h100-sxm --only decode");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("h100-sxm"), std::string::npos);
  const Seen unknown = run_llmarch("compare llama-3.1-8b --on h20");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.errors.find("unknown hardware 'h20'"), std::string::npos);
}

}  // namespace
}  // namespace llmarch::testing
