#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

const std::string kEveryModel =
    "gpt2 llama-3.2-1b llama-3.1-8b qwen3-0.6b qwen3-30b-a3b qwen3-235b-a22b deepseek-v3 kimi-k2";

std::string line_with(const std::string& text, const std::string& part) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) return line;
  }
  return "no line with '" + part + "'";
}

// Characters, not bytes: continuation bytes of UTF-8 do not count.
std::size_t width_of(const std::string& line) {
  std::size_t width = 0;
  for (const char byte : line) width += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return width;
}

TEST(Compare, PutsTwoModelsSideBySideInEightyColumns) {
  const Seen seen = run_llmarch("compare deepseek-v3 kimi-k2");
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.errors, "");
  const std::string row = line_with(seen.output, "predicted, to the unit");
  EXPECT_NE(row.find("671,026,419,200"), std::string::npos) << row;
  EXPECT_NE(row.find("1,026,408,232,448"), std::string::npos) << row;
  EXPECT_NE(row.find("1.53×"), std::string::npos) << row;
}

TEST(Compare, MarksWhatDiffersInStructure) {
  const Seen seen = run_llmarch("compare deepseek-v3 kimi-k2 --only structure");
  EXPECT_NE(line_with(seen.output, "  experts  ").find("≠ 1.50×"), std::string::npos);
  EXPECT_NE(line_with(seen.output, "query heads").find("≠ 0.500×"), std::string::npos);
  EXPECT_EQ(line_with(seen.output, "expert width").find("≠"), std::string::npos);
}

TEST(Compare, NamesTheConventionThatExplainsThePublishedActiveFigure) {
  const Seen seen = run_llmarch("compare qwen3-30b-a3b deepseek-v3 --only parameters");
  const std::string row = line_with(seen.output, "published (convention)");
  EXPECT_NE(row.find("3.300 B (A)"), std::string::npos) << row;
  EXPECT_NE(row.find("37 B (B)"), std::string::npos) << row;
}

TEST(Compare, NeverPrintsALineWiderThanTheTerminal) {
  for (const int columns : {40, 60, 80, 100, 132, 200, 400}) {
    const std::string width = std::to_string(columns);
    const Seen seen =
        run_shell("COLUMNS=" + width + " '" LLMARCH_PROGRAM "' compare " + kEveryModel);
    ASSERT_EQ(seen.status, 0);
    std::istringstream lines(seen.output);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(width_of(line), static_cast<std::size_t>(columns)) << line;
    }
  }
}

TEST(Compare, PrintsWholeNumbersWhenAsked) {
  const Seen seen = run_llmarch("compare gpt2 --only memory --exact");
  EXPECT_NE(line_with(seen.output, "KV cache per token").find("36,864"), std::string::npos);
}

TEST(Compare, SaysWhenAContextIsBeyondWhatAModelAllows) {
  EXPECT_NE(run_llmarch("compare gpt2 --context 2k").output.find("exceeds the 1,024"),
            std::string::npos);
  EXPECT_EQ(run_llmarch("compare gpt2 --context 1k").output.find("beyond"), std::string::npos);
}

TEST(Compare, RefusesAFigureThatPassesSixtyFourBits) {
  const Seen seen = run_llmarch("compare kimi-k2 --context 1024G --batch 1M");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("64 bits"), std::string::npos) << seen.errors;
  EXPECT_EQ(seen.output, "");
}

TEST(Compare, TakesASpecOfTheUsersOwn) {
  const TemporaryFolder folder;
  std::string spec = read_file(LLMARCH_PROJECT "/arch_specs/models/gpt2.toml");
  spec.replace(spec.find("name = \"gpt2\""), 13, "name = \"mine\"");
  spec.replace(spec.find("repeat = 12"), 11, "repeat = 13");
  write_file(folder.file("mine.toml"), spec);
  const Seen seen = run_llmarch("compare gpt2 '" + folder.file("mine.toml") + "' --exact");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  // One layer of 12 x 768 x 768 + 13 x 768 parameters more than the 124,439,808 of GPT-2.
  EXPECT_NE(line_with(seen.output, "predicted, to the unit").find("131,527,680"),
            std::string::npos);
}

TEST(Compare, TakesTheSpecsOfAFolderBeforeTheBuiltInOnes) {
  const TemporaryFolder folder;
  std::string spec = read_file(LLMARCH_PROJECT "/arch_specs/models/gpt2.toml");
  spec.replace(spec.find("title = \"GPT-2 124M\""), 20, "title = \"Another one\"");
  write_file(folder.file("gpt2.toml"), spec);
  const std::string option = " --specs '" + folder.path().string() + "'";
  EXPECT_NE(run_llmarch("show gpt2" + option).output.find("Another one"), std::string::npos);
  EXPECT_NE(run_llmarch("list --format csv" + option).output.find(folder.file("gpt2.toml")),
            std::string::npos);
  EXPECT_NE(run_llmarch("compare gpt2 kimi-k2" + option).output.find("kimi-k2"), std::string::npos);
}

// The name that was typed is the one that is shown.
TEST(Compare, TakesAnotherNameOfAModelWhereverItsNameIsTaken) {
  const Seen seen = run_llmarch("compare deepseek-r1 deepseek-v3+context_limit=4096 --format csv");
  EXPECT_NE(seen.output.find("\ndeepseek-r1,"), std::string::npos) << seen.output;
  EXPECT_EQ(run_llmarch("eval 'parameters(deepseek-r1) - parameters(deepseek-v3)'").status, 0);
  EXPECT_NE(run_llmarch("show deepseek-r1+context_limit=4096").output.find("4,096"),
            std::string::npos);
  EXPECT_NE(run_llmarch("show deepseek-r1").output.find("deepseek-r1: another name of deepseek-v3"),
            std::string::npos);
  EXPECT_NE(run_llmarch("list").output.find("deepseek-r1, "), std::string::npos);
}

TEST(Compare, RefusesANameThatTwoSpecsClaim) {
  const TemporaryFolder folder;
  std::string spec = read_file(LLMARCH_PROJECT "/arch_specs/models/gpt2.toml");
  spec.replace(spec.find("name = \"gpt2\""), 13, "name = \"mine\"\nalso = [\"deepseek-r1\"]");
  write_file(folder.file("mine.toml"), spec);
  const std::string option = " --specs '" + folder.path().string() + "'";
  const std::string refusal =
      "llmarch: error: 'deepseek-r1' is the name of two models\n"
      "      = delete it from 'also' of mine, which is ";
  for (const char* command : {"compare deepseek-r1", "list", "report article"}) {
    const Seen seen = run_llmarch(command + option);
    EXPECT_EQ(seen.errors.find(refusal), 0U) << command << "\n" << seen.errors;
  }
  EXPECT_EQ(run_llmarch("compare deepseek-v3 mine" + option).errors, "");
}

TEST(Compare, TakesAHuggingFaceConfig) {
  const std::string folder = LLMARCH_PROJECT "/tests/golden/vectors/kimi_k2";
  const Seen of_folder = run_llmarch("compare '" + folder + "' --format json");
  const Seen of_file = run_llmarch("compare '" + folder + "/config.json' --format json");
  EXPECT_EQ(of_folder.status, 0) << of_folder.errors;
  EXPECT_EQ(of_folder.output, of_file.output);
  EXPECT_NE(of_folder.output.find("\"name\": \"kimi_k2\""), std::string::npos);
}

// A file that changes a built-in model may keep its name.
TEST(Compare, TellsTwoModelsOfOneNameApart) {
  const TemporaryFolder folder;
  std::string spec = read_file(LLMARCH_PROJECT "/arch_specs/models/gpt2.toml");
  write_file(folder.file("mine.toml"), spec);
  const Seen seen = run_shell("cd '" + folder.path().string() +
                              "' && '" LLMARCH_PROGRAM "' compare gpt2 ./mine.toml --format csv");
  EXPECT_NE(seen.output.find("\n./mine.toml,"), std::string::npos) << seen.output;
}

TEST(Compare, TakesThePromptApartFromTheContext) {
  const auto prefill = [](const std::string& lengths) {
    return json_of("compare gpt2 --context " + lengths)["models"][0]["prefill"];
  };
  EXPECT_EQ(prefill("512 --prompt 64"), prefill("64"));
  EXPECT_NE(prefill("512"), prefill("64"));
}

}  // namespace
}  // namespace llmarch::testing
