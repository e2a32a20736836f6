#include <gtest/gtest.h>

#include "sim/toml/toml_loader.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

std::string figures(const std::string& model) {
  const Seen seen = run_llmarch("compare '" + model + "' --format json");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  return seen.output;
}

// The configs of every model that has a spec: found, not listed.
TEST(Import, WritesASpecThatGivesTheFiguresOfItsConfig) {
  const TemporaryFolder folder;
  std::size_t configs = 0;
  for (const auto& entry : fs::directory_iterator(LLMARCH_PROJECT "/tests/spec/configs")) {
    const std::string config = entry.path().string();
    const std::string spec = folder.file(entry.path().stem().string() + ".toml");
    const Seen seen = run_llmarch("import '" + config + "' -o '" + spec + "'");
    ASSERT_EQ(seen.status, 0) << seen.errors;
    EXPECT_EQ(figures(spec), figures(config)) << config;
    ++configs;
  }
  EXPECT_GE(configs, 30U);
}

// ESC, BEL and a mark that turns the direction of writing.
TEST(Import, OfAFileWhoseNameSteersATerminalWritesAValidSpec) {
  const TemporaryFolder folder;
  const std::string config = folder.file("a\x1b[31m\a\u202Eb.json");
  write_file(config, read_file(LLMARCH_PROJECT "/tests/spec/configs/gemma-3-27b.json"));
  const std::string spec = folder.file("spec.toml");
  EXPECT_EQ(run_llmarch("import '" + config + "' -o '" + spec + "'").status, 0);
  EXPECT_EQ(run_llmarch("check '" + spec + "'").status, 0);
  for (const char* format : {"text", "md", "csv", "json", "html"}) {
    const Seen seen = run_llmarch("compare '" + config + "' --format " + format);
    EXPECT_EQ(seen.status, 0);
    for (const char* unseen : {"\x1b", "\a", "\u202E"}) {
      EXPECT_EQ(seen.output.find(unseen), std::string::npos) << format;
    }
  }
  EXPECT_EQ(run_llmarch("check '" + config + "'").output.find('\x1b'), std::string::npos);
}

TEST(Import, GivesTheFiguresOfTheBuiltInSpecs) {
  const auto without_published = [](const std::string& json) {
    return json.substr(0, json.find("\"published\""));
  };
  for (const char* model : {"gemma-3-27b", "llama-4-maverick", "deepseek-v2", "olmo-2-13b"}) {
    const std::string config =
        std::string(LLMARCH_PROJECT "/tests/spec/configs/") + model + ".json";
    EXPECT_EQ(without_published(figures(config)), without_published(figures(model)));
  }
}

TEST(Import, SaysWhatTheConfigLeftToItsLibrary) {
  const Seen seen =
      run_llmarch("import '" LLMARCH_PROJECT "/tests/spec/configs/llama-3.1-8b.json'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("# filled: head_dim = 128 (hidden_size / num_attention_heads)\n"),
            std::string::npos)
      << seen.output;
}

TEST(Import, FindsTheSequenceThatLayersRepeat) {
  const Seen seen = run_llmarch("import '" LLMARCH_PROJECT "/tests/spec/configs/gemma-3-27b.json'");
  EXPECT_NE(seen.output.find("layers = [\"local\", \"local\", \"local\", \"local\", \"local\", "
                             "\"global\"]\nrepeat = 10\n\n[[stack]]\n"
                             "layers = [\"local\", \"local\"]\nrepeat = 1\n"),
            std::string::npos)
      << seen.output;
}

// What a file's maker put into a name stays a name.
TEST(Import, WritesHostileNamesAsTexts) {
  const TemporaryFolder folder;
  const fs::path strange = folder.path() / "a\"b\\c\nd\x1b[31m";
  fs::create_directory(strange);
  fs::copy_file(LLMARCH_PROJECT "/tests/spec/configs/gpt2.json", strange / "config.json");
  fs::permissions(strange / "config.json", fs::perms::owner_write, fs::perm_options::add);
  const Seen seen = run_shell("cd '" + folder.path().string() +
                              "' && cd a* && '" LLMARCH_PROGRAM "' import . -o ../out.toml");
  ASSERT_EQ(seen.status, 0) << seen.errors;
  const std::string text = read_file(folder.file("out.toml"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("name = \"a\\\"b\\\\c.d.[31m\""), std::string::npos) << text;
  EXPECT_EQ(run_llmarch("check '" + folder.file("out.toml") + "'").status, 0);
}

}  // namespace
}  // namespace llmarch::testing
