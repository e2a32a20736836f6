// What a shell offers for the word that is being typed.
#include <gmock/gmock.h>

#include "sim/cli/commands.h"

namespace llmarch::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Completions, OfTheFirstWordAreCommands) {
  EXPECT_THAT(completions({"s"}), ElementsAre("show", "sweep"));
  EXPECT_THAT(completions({""}), AllOf(Contains("compare"), Contains("help")));
}

TEST(Completions, OfHelpAreCommandsAndReferences) {
  EXPECT_THAT(completions({"help", "s"}),
              ElementsAre("show", "spec-format", "study-format", "sweep"));
  EXPECT_THAT(completions({"help", "show", ""}), IsEmpty());
}

TEST(Completions, OfAModelAreThoseThatBeginSo) {
  EXPECT_THAT(completions({"compare", "gpt2", "deepseek-v3"}), Contains("deepseek-v3"));
  EXPECT_THAT(completions({"fit", "qwen3-"}), AllOf(Not(IsEmpty()), Each(StartsWith("qwen3-"))));
  EXPECT_THAT(completions({"report", "art"}), Contains("article"));
}

TEST(Completions, OfADashAreTheOptionsOfTheCommand) {
  EXPECT_THAT(completions({"sweep", "gpt2", "--sh"}), ElementsAre("--show"));
  EXPECT_THAT(completions({"list", "--sh"}), IsEmpty());
}

TEST(Completions, OfAnOptionsValueAreWhatItTakes) {
  EXPECT_THAT(completions({"compare", "gpt2", "--on", "h100-s"}), ElementsAre("h100-sxm"));
  EXPECT_THAT(completions({"sweep", "gpt2", "--show", "kv_bytes"}),
              ElementsAre("kv_bytes", "kv_bytes_per_token"));
  EXPECT_THAT(completions({"compare", "gpt2", "--weights", "bf"}), ElementsAre("bf16"));
  EXPECT_THAT(completions({"fit", "gpt2", "--engine", "v"}), ElementsAre("vllm"));
  EXPECT_THAT(completions({"fit", "gpt2", "--aim", ""}), ElementsAre("latency", "throughput"));
  EXPECT_THAT(completions({"compare", "gpt2", "--only", "p"}),
              ElementsAre("parameters", "prefill"));
  EXPECT_THAT(completions({"compare", "gpt2", "--recurrence", ""}), ElementsAre("chunk", "step"));
  EXPECT_THAT(completions({"compare", "gpt2", "--compute", "bf"}), ElementsAre("bf16"));
  EXPECT_THAT(completions({"list", "--format", "c"}), ElementsAre("csv"));
  EXPECT_THAT(completions({"import", "--head", ""}), Contains("tied"));
}

// The shell then completes the name of a file.
TEST(Completions, AreNoneWhereAnythingCanStand) {
  EXPECT_THAT(completions({"check", ""}), IsEmpty());
  EXPECT_THAT(completions({"compare", "gpt2", "-o", ""}), IsEmpty());
  EXPECT_THAT(completions({"no-such-command", ""}), IsEmpty());
  EXPECT_THAT(completions({}), IsEmpty());
}

}  // namespace
}  // namespace llmarch::cli
