// verify and measure as a user sees them: verdict, exit status, what is named.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kVectors = LLMARCH_PROJECT "/tests/golden/vectors";

// "" where there is none.
std::string last_line_with(const std::string& output, const std::string& words) {
  std::istringstream lines(output);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(words) != std::string::npos) found = line;
  }
  return found;
}

TEST(Verify, SaysThatACheckpointAgreesAndHowNear) {
  const Seen seen = run_llmarch("verify '" + (kVectors / "qwen3_moe").string() + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("- prefill of 24 tokens: AGREES. Largest error "), std::string::npos);
  EXPECT_NE(seen.output.find("- prefill of 12, then 12 tokens one by one: AGREES."),
            std::string::npos);
}

TEST(Verify, NamesTheFirstLayerThatDepartsAndFails) {
  const TemporaryFolder folder;
  fs::copy(kVectors / "llama3_tied", folder.path());
  std::string config = read_file(folder.file("config.json"));
  fs::permissions(folder.file("config.json"), fs::perms::owner_write, fs::perm_options::add);
  config.replace(config.find("\"rope_theta\": 500000.0"), 22, "\"rope_theta\": 400000.0");
  write_file(folder.file("config.json"), config);
  const Seen seen = run_llmarch("verify '" + folder.path().string() + "'");
  EXPECT_EQ(seen.status, 1) << seen.errors;
  EXPECT_NE(seen.output.find("DEPARTS, first at: hidden state out of layer 0"), std::string::npos)
      << seen.output;
}

TEST(Verify, RefusesAFolderThatIsNoCheckpoint) {
  const TemporaryFolder folder;
  const Seen seen = run_llmarch("verify '" + folder.path().string() + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("config.json"), std::string::npos) << seen.errors;
}

TEST(Measure, SaysThatPredictedAndCountedAreEqual) {
  const Seen seen = run_llmarch("measure deepseek-v3 --scaled --batch 2");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("equal, to the unit, in every operation"), std::string::npos);
  EXPECT_NE(seen.output.find("distinct experts"), std::string::npos);
  EXPECT_EQ(seen.output.find("DIFFERS"), std::string::npos);
}

// How many experts ran is taken from the counted book, and no other equality is.
TEST(Measure, SaysWhichEqualitiesAreByConstruction) {
  const std::string given = "\"equal, given the experts\"";
  const Seen mixture = run_llmarch("measure qwen3-30b-a3b --scaled --format csv");
  for (const char* cells : {",weights read,", ",\"weights read, as stored\",", ",experts,"}) {
    EXPECT_TRUE(last_line_with(mixture.output, cells).ends_with(given)) << cells;
  }
  for (const char* cells : {",matrix FLOPs,", ",KV read,", ",router,"}) {
    EXPECT_TRUE(last_line_with(mixture.output, cells).ends_with(",equal")) << cells;
  }
  EXPECT_EQ(run_llmarch("measure qwen3-0.6b --scaled").output.find("given"), std::string::npos);
}

TEST(Measure, RefusesPositionsThatAModelHasNotLearned) {
  const Seen seen = run_llmarch("measure gpt2 --scaled --context 65");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("learned only 64"), std::string::npos) << seen.errors;
}

}  // namespace
}  // namespace llmarch::testing
