#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

// A study tests itself: status 1 when a verdict is not the expected one.
TEST(Report, OfTheArticleGivesTheVerdictsThatItExpects) {
  const Seen seen = run_llmarch("report article --format md");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("| [C53](#c53-not-decidable-by-cost) |"), std::string::npos);
  EXPECT_EQ(seen.output.find("(expected:"), std::string::npos);
}

std::string claim(const std::string& check) {
  return "name = \"s\"\ntitle = \"t\"\nsource = \"s\"\n[claim.C1]\nsection = \"1\"\ntext = \"x\"\n"
         "expect = \"holds\"\nkind = \"figure\"\ncheck = [\"" +
         check + "\"]\n";
}

TEST(Report, RefusesACheckThatDividesByZeroWithItsPlace) {
  const TemporaryFolder folder;
  write_file(folder.file("s.toml"), claim("kv_bytes(qwen3-32b) / kv_latent_dim(gpt2) > 1"));
  const Seen seen =
      run_shell("cd '" + folder.path().string() + "' && '" LLMARCH_PROGRAM "' report ./s.toml");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.output, "");
  EXPECT_EQ(seen.errors,
            "./s.toml:9:31: error: division by zero at context 8192\n"
            "    9 | check = [\"kv_bytes(qwen3-32b) / kv_latent_dim(gpt2) > 1\"]\n"
            "      |                               ^~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "      = divide by a figure that is never 0\n");
}

TEST(Report, HoldsWholeNumbersAgainstEachOtherToTheLastDigit) {
  const TemporaryFolder folder;
  const std::string flops = "prefill_flops(kimi-k2, prompt = 1000001) = 131813154570306413";
  write_file(folder.file("equal.toml"), claim(flops + "8"));
  write_file(folder.file("one-less.toml"), claim(flops + "7"));
  EXPECT_EQ(run_llmarch("report '" + folder.file("equal.toml") + "'").status, 0);
  EXPECT_EQ(run_llmarch("report '" + folder.file("one-less.toml") + "'").status, 1);
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
  const Seen unknown = run_llmarch("compare llama-3.1-8b --on h99");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.errors.find("unknown hardware 'h99'"), std::string::npos);
}

TEST(Fit, GivesTheContextUpToWhichEveryContextFits) {
  const Seen seen =
      run_llmarch("fit llama-4-scout -m 217150759552 -b 1 --text-only --exact --format csv");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("\nllama-4-scout,context,14336,"), std::string::npos) << seen.output;
}

}  // namespace
}  // namespace llmarch::testing
