// `show` and `help`: one model, operation by operation, and every topic.
#include <gtest/gtest.h>

#include <vector>

#include "sim/cli/commands.h"
#include "sim/setting/setting.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

void expect_shown(const std::string& arguments, const std::vector<std::string>& parts) {
  const Seen seen = run_llmarch(arguments);
  EXPECT_EQ(seen.status, 0) << arguments;
  EXPECT_EQ(seen.errors, "") << arguments;
  for (const std::string& part : parts) {
    EXPECT_NE(seen.output.find(part), std::string::npos) << arguments << " lacks\n" << part;
  }
}

// Each of 16 layers has 2 x 8 heads x 64 elements x 2 bytes a position: 32 KiB in all, which a
// token writes once and reads a thousand times.
TEST(Show, GivesTheBookOfADecodeOperationByOperation) {
  expect_shown(
      "show llama-3.2-1b --ops decode --context 1000",
      {"decode of one token at context 1000", "block, 16 layers\n", "  key projection ",
       "  sum of all of them ", "  total                             31.25 MiB           32 KiB "});
}

// A prompt reads each position of the cache once, as it writes it.
TEST(Show, GivesTheBookOfAPrefillToTheUnit) {
  expect_shown("show llama-3.2-1b --ops prefill --context 1000 --exact",
               {"prefill of 1000, batch 1",
                "  total                            32,768,000       32,768,000 "});
}

TEST(Show, KnowsTheOperationsOfLatentAttentionInEachStep) {
  expect_shown("show kimi-k2 --ops decode", {"  query absorption ", "  attention over latents ",
                                             "  value expansion ", "  router "});
  expect_shown("show kimi-k2 --ops prefill", {"  latent expansion "});
}

TEST(Help, HasATextForEveryTopic) {
  expect_shown("help", {"usage: llmarch"});
  expect_shown("help quantities",
               {"Quantities, for 'llmarch sweep --show' and the expressions of studies:\n",
                "\n  tokens_per_second ", "(--on)\n"});
  expect_shown("help spec-format", {"kv_heads"});
  expect_shown("help study-format", {"kv_head_of(MODEL, N)"});
}

// A field that no command takes could not be set from the command line.
TEST(Help, HasAnOptionForEveryFieldOfASetting) {
  std::string help;
  for (const cli::Command& command : cli::commands()) help += cli::command_help(command, 80);
  visit_setting(
      [&](const SettingField& field, const auto&) {
        const std::string name = "--" + std::string(field.key) + " ";
        const std::string option =
            field.letter != 0 ? "[ " + name + "]" : name + std::string(field.value);
        EXPECT_NE(help.find(option), std::string::npos) << option;
      },
      Setting{});
}

}  // namespace
}  // namespace llmarch::testing
