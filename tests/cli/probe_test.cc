// `probe` writes a hardware file that other commands read. Its figures are the machine's.
#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

TEST(Probe, WritesAHardwareFileThatACompareReads) {
  const TemporaryFolder folder;
  const std::string file = folder.file("mine.toml");
  const Seen probed = run_llmarch("probe --threads 1 --name mine -o '" + file + "'");
  ASSERT_EQ(probed.status, 0) << probed.errors;
  EXPECT_EQ(probed.output, "");
  EXPECT_NE(read_file(file).find("name = \"mine\"\n"), std::string::npos);
  const Seen compared = run_llmarch("compare gpt2 qwen3-0.6b --on '" + file + "'");
  EXPECT_EQ(compared.status, 0) << compared.errors;
  EXPECT_NE(compared.output.find("mine"), std::string::npos) << compared.output;
}

}  // namespace
}  // namespace llmarch::testing
