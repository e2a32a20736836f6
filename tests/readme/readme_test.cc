#include <gtest/gtest.h>

#include "tests/readme/console_blocks.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = LLMARCH_PROJECT;

class MarkdownPage : public ::testing::TestWithParam<std::string> {};

TEST_P(MarkdownPage, ShowsWhatItsCommandsReallyPrint) {
  const std::vector<ConsoleBlock> blocks = console_blocks(read_file(kProject / GetParam()));
  ASSERT_FALSE(blocks.empty());
  for (const ConsoleBlock& block : blocks) {
    const Seen seen =
        run_shell("cd '" + kProject.string() + "' && '" LLMARCH_PROGRAM "' " + block.arguments);
    EXPECT_EQ(seen.status, 0) << block.arguments << "\n" << seen.errors;
    EXPECT_EQ(seen.output, block.output)
        << "llmarch " << block.arguments << "\nwrite the page anew with: build/update_readme "
        << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, MarkdownPage, ::testing::Values("README.md", "reports/README.md"),
                         [](const auto& page) {
                           return page.param == "README.md" ? "Readme" : "ReportsReadme";
                         });

TEST(ConsoleBlocks, AreTheCommandAndWhatStandsBelowIt) {
  const std::string markdown = "text\n```console\n$ llmarch list\na\nb\n```\nmore\n";
  const std::vector<ConsoleBlock> blocks = console_blocks(markdown);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].arguments, "list");
  EXPECT_EQ(blocks[0].output, "a\nb\n");
}

TEST(SetUp, NamesTheTestCommandThatCiRuns) {
  const std::string readme = read_file(kProject / "README.md");
  EXPECT_NE(readme.find("./bootstrap && build/llmarch compare deepseek-v3 kimi-k2\n"),
            std::string::npos);
  EXPECT_NE(readme.find("./bootstrap test\n"), std::string::npos);
  EXPECT_NE(read_file(kProject / ".ci/run").find("./bootstrap test\n"), std::string::npos);
}

}  // namespace
}  // namespace llmarch::testing
