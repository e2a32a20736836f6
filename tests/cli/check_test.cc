// check knows every kind of file that the program reads.
#include <gmock/gmock.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kSpecs = LLMARCH_PROJECT "/arch_specs";

// The last line on standard output.
std::string checked(const std::string& file) {
  const Seen seen = run_llmarch("check '" + file + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  return seen.output;
}

TEST(Check, KnowsSpecsStudiesAndHardware) {
  const std::string folder = kSpecs;
  EXPECT_THAT(checked(folder + "/models/gpt2.toml"),
              EndsWith("gpt2.toml: ok: gpt2, 12 layers, 124,439,808 parameters\n"));
  EXPECT_THAT(checked(folder + "/hardware/h100-sxm.toml"),
              EndsWith("ok: hardware h100-sxm: 80 GiB\n"));
  EXPECT_THAT(checked(folder + "/studies/article.toml"), HasSubstr("ok: study article: "));
}

TEST(Check, KnowsConfigsAndCheckpoints) {
  const std::string folder = LLMARCH_PROJECT "/tests/golden/vectors/qwen3";
  EXPECT_THAT(checked(folder + "/config.json"), HasSubstr("ok: qwen3, "));
  EXPECT_THAT(checked(folder), HasSubstr("ok: qwen3, "));
  EXPECT_THAT(checked(folder + "/model.safetensors"), HasSubstr("ok: safetensors: "));
}

TEST(Check, OfAFolderIsOfEachFileInIt) {
  const std::string output = checked(std::string(kSpecs) + "/hardware");
  EXPECT_THAT(output, HasSubstr("hardware/b200.toml: ok: hardware b200: "));
  EXPECT_THAT(output, HasSubstr("hardware/h200.toml: ok: hardware h200: "));
}

// Every file is checked, whatever is wrong with the one before it.
TEST(Check, GoesOnAfterAFileThatIsWrong) {
  const TemporaryFolder folder;
  write_file(folder.file("study.toml"),
             "name = \"s\"\ntitle = \"t\"\nsource = \"s\"\n[claim.C1]\nsection = \"1\"\n"
             "text = \"x\"\nexpect = \"holds\"\nkind = \"figure\"\n"
             "check = [\"1 / kv_latent_dim(gpt2) > 1\"]\n");
  write_file(folder.file("hardware.toml"), "[memory]\nbytes = 1\n");
  const Seen seen =
      run_llmarch("check '" + folder.file("nothing.toml") + "' '" + folder.file("study.toml") +
                  "' '" + folder.file("hardware.toml") + "' " + kSpecs + "/models/gpt2.toml");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("nothing.toml: cannot be opened"));
  EXPECT_THAT(seen.errors, HasSubstr("study.toml:9:13: error: division by zero"));
  EXPECT_THAT(seen.errors, HasSubstr("hardware.toml: error: missing key 'name'"));
  EXPECT_THAT(seen.output, HasSubstr("ok: gpt2"));
}

}  // namespace
}  // namespace llmarch::testing
