#include "sim/cli/arguments.h"

#include <gtest/gtest.h>

#include <sstream>

#include "sim/cli/commands.h"
#include "sim/cli/errors.h"
#include "sim/cli/ranges.h"
#include "tests/support/run_program.h"

namespace llmarch::cli {
namespace {

TEST(Tokens, MayBeWrittenWithABinaryUnit) {
  EXPECT_EQ(parse_tokens("context", "8192"), 8192);
  EXPECT_EQ(parse_tokens("context", "8k"), 8 * 1024);
  EXPECT_EQ(parse_tokens("context", "32K"), 32 * 1024);
  EXPECT_EQ(parse_tokens("context", "1M"), 1024 * 1024);
  EXPECT_EQ(parse_tokens("context", "1024G"), std::int64_t{1} << 40);
}

TEST(Tokens, OutOfBoundsOrNotANumberAreRefused) {
  for (const char* text : {"", "k", "0", "-1", "8kk", "8.5k", "0x10", "1025G", "1099511627777",
                           "99999999999999999999", " 8", "8 "}) {
    EXPECT_THROW(parse_tokens("context", text), UsageError) << "'" << text << "'";
  }
}

std::vector<std::int64_t> axis(const std::string& text) {
  const Lengths lengths = parse_axis("context", text);
  std::vector<std::int64_t> values;
  for (Integer i = 0; i < lengths.size(); i += 1) values.push_back(lengths.at(i).value());
  return values;
}

TEST(ARangeOfFactors, EndsAtItsEndWhetherOrNotAStepReachesIt) {
  using Values = std::vector<std::int64_t>;
  EXPECT_EQ(axis("1..16:x2"), (Values{1, 2, 4, 8, 16}));
  EXPECT_EQ(axis("1..17:x2"), (Values{1, 2, 4, 8, 16, 17}));
  EXPECT_EQ(axis("1..15:x2"), (Values{1, 2, 4, 8, 15}));
  EXPECT_EQ(axis("3..243:x3"), (Values{3, 9, 27, 81, 243}));
  EXPECT_EQ(axis("7..7:x2"), (Values{7}));
}

TEST(ARangeOfSteps, EndsAtItsEndWhetherOrNotAStepReachesIt) {
  using Values = std::vector<std::int64_t>;
  EXPECT_EQ(axis("1..5:+1"), (Values{1, 2, 3, 4, 5}));
  EXPECT_EQ(axis("10..29:+10"), (Values{10, 20, 29}));
  EXPECT_EQ(axis("10..30:+10"), (Values{10, 20, 30}));
}

TEST(Help, ExistsForEveryCommandAndNamesItsOptions) {
  for (const Command& command : commands()) {
    const auto seen = testing::run_llmarch("help " + std::string(command.name));
    EXPECT_EQ(seen.status, 0);
    EXPECT_EQ(seen.output, command_help(command, 80));
    EXPECT_EQ(testing::run_llmarch(std::string(command.name) + " --help").output, seen.output);
    EXPECT_NE(overview(80).find(command.summary), std::string::npos);
  }
}

TEST(Help, IsWhatTheProgramSaysWhenItIsAskedNothing) {
  for (const char* asked : {"", "help", "--help", "-h", "help llmarch"}) {
    const auto seen = testing::run_llmarch(asked);
    EXPECT_EQ(seen.status, 0) << asked;
    EXPECT_EQ(seen.output, overview(80)) << asked;
  }
}

TEST(Help, WrapsToTheTerminal) {
  const auto widest = [](const std::string& columns) {
    std::istringstream help(
        testing::run_shell("COLUMNS=" + columns + " " + LLMARCH_PROGRAM + " help measure").output);
    std::size_t most = 0;
    for (std::string line; std::getline(help, line);) most = std::max(most, line.size());
    return most;
  };
  EXPECT_LE(widest("80"), 80U);
  EXPECT_GT(widest("95"), 80U);
  EXPECT_LE(widest("95"), 95U);
}

// "-o nly" would write to a file of that name.
TEST(Options, WithOneHyphenTooFewAreRefused) {
  for (const char* given : {"-only memory", "-only=memory", "-exact", "-context 8k"}) {
    const auto seen = testing::run_llmarch("compare gpt2 " + std::string(given));
    EXPECT_EQ(seen.status, 2) << given;
    EXPECT_NE(seen.errors.find("did you mean '--"), std::string::npos) << seen.errors;
  }
  EXPECT_EQ(testing::run_llmarch("compare gpt2 -c32k -b8").status, 0);
}

TEST(Version, IsPrinted) {
  EXPECT_EQ(testing::run_llmarch("--version").output, "llmarch 0.1.0\n");
  EXPECT_EQ(testing::run_llmarch("-V").output, "llmarch 0.1.0\n");
}

}  // namespace
}  // namespace llmarch::cli
