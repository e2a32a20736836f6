// `import`: the spec that is written for a config, and its options.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/toml/toml_loader.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

// In one format, since a config may say how its checkpoint is stored, and a spec does not.
std::string figures(const std::string& model) {
  const Seen seen = run_llmarch("compare '" + model + "' --weights bf16 --format json");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  return seen.output;
}

// The configs of every model that has a spec: found, not listed. All are compared by one command,
// since a process for each took ten seconds.
TEST(Import, WritesASpecThatGivesTheFiguresOfItsConfig) {
  const TemporaryFolder folder;
  std::vector<std::string> configs, specs;
  for (const auto& entry : fs::directory_iterator(LLMARCH_PROJECT "/tests/spec/configs")) {
    configs.push_back(entry.path().string());
    specs.push_back(folder.file(entry.path().stem().string() + ".toml"));
    const Seen seen = run_llmarch("import '" + configs.back() + "' -o '" + specs.back() + "'");
    ASSERT_EQ(seen.status, 0) << seen.errors;
  }
  EXPECT_GE(configs.size(), 30U);
  EXPECT_EQ(figures(fmt::format("{}", fmt::join(specs, "' '"))),
            figures(fmt::format("{}", fmt::join(configs, "' '"))));
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

TEST(Import, WritesTheSpecOfAnyModel) {
  const std::string gemma = read_file(LLMARCH_PROJECT "/arch_specs/models/gemma-3-27b.toml");
  EXPECT_EQ(run_llmarch("import gemma-3-27b").output, gemma);
  const TemporaryFolder folder;
  const std::string spec = folder.file("changed.toml");
  EXPECT_EQ(run_llmarch("import gemma-3-27b+attention.local.window=512 -o '" + spec + "'").status,
            0);
  EXPECT_EQ(figures(spec), figures("gemma-3-27b+attention.local.window=512"));
  const Seen refused = run_llmarch("import gemma-3-27b --head none");
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.errors.find("--head and --pass-over are about a config"), std::string::npos);
}

TEST(Import, SaysWhatTheConfigLeftToItsLibrary) {
  const Seen seen =
      run_llmarch("import '" LLMARCH_PROJECT "/tests/spec/configs/llama-3.1-8b.json'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("# filled: head_dim = 128 (hidden_size / num_attention_heads)\n"),
            std::string::npos)
      << seen.output;
}

TEST(Import, WritesToStandardOutputForAHyphen) {
  const std::string config = "'" LLMARCH_PROJECT "/tests/spec/configs/llama-3.1-8b.json'";
  EXPECT_EQ(run_llmarch("import " + config + " -o -").output,
            run_llmarch("import " + config).output);
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
  EXPECT_NE(text.find("name = \"a\\\"b\\\\c\\\\x0Ad\\\\x1B[31m\""), std::string::npos) << text;
  EXPECT_EQ(run_llmarch("check '" + folder.file("out.toml") + "'").status, 0);
}

// The published config of Qwen3 0.6B, whose head is tied, with `part` replaced.
std::string altered_qwen(const TemporaryFolder& folder, const std::string& part,
                         const std::string& by) {
  std::string text = read_file(LLMARCH_PROJECT "/tests/spec/configs/qwen3-0.6b.json");
  text.replace(text.find(part), part.size(), by);
  const std::string config = folder.file("altered.json");
  write_file(config, text);
  return config;
}

// With a tied head, or none, the model has 596,049,920 parameters; a separate head adds 151,936 x
// 1,024.
TEST(Import, TakesTheHeadFromTheOption) {
  const TemporaryFolder folder;
  const std::string config = altered_qwen(folder, "Qwen3ForCausalLM", "Qwen3ForPointing");
  const std::string spec = folder.file("spec.toml");
  const std::string command = "import '" + config + "' -o '" + spec + "'";
  EXPECT_NE(run_llmarch(command).errors.find("--head none, tied or separate"), std::string::npos);
  EXPECT_EQ(run_llmarch(command).status, 2);

  const std::pair<const char*, const char*> heads[] = {{"tied", "\"total\": 596049920"},
                                                       {"none", "\"total\": 596049920"},
                                                       {"separate", "\"total\": 751632384"}};
  for (const auto& [head, total] : heads) {
    ASSERT_EQ(run_llmarch(command + " --head " + head).status, 0) << head;
    EXPECT_NE(read_file(spec).find(std::string("head = \"") + head + '"'), std::string::npos);
    EXPECT_NE(figures(spec).find(total), std::string::npos) << head << figures(spec);
  }
  const Seen unknown = run_llmarch(command + " --head both");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.errors.find("known: tied, separate, none"), std::string::npos);
}

// Beside code of the repository's own, an unknown field may change the model.
TEST(Import, PassesOverTheFieldsOfTheOption) {
  const TemporaryFolder folder;
  const std::string config = altered_qwen(
      folder, "\"model_type\"",
      R"("auto_map": {"AutoConfig": "own.Own"}, "loops": 2, "folds": 3, "model_type")");
  const std::string command = "import '" + config + "'";
  EXPECT_EQ(run_llmarch(command).status, 2);
  const Seen one = run_llmarch(command + " --pass-over loops");
  EXPECT_EQ(one.status, 2);
  EXPECT_EQ(one.errors.find("'loops'"), std::string::npos) << one.errors;
  EXPECT_NE(one.errors.find("unknown field 'folds'"), std::string::npos) << one.errors;
  const Seen both = run_llmarch(command + " --pass-over loops --pass-over folds");
  EXPECT_EQ(both.status, 0) << both.errors;
  EXPECT_NE(both.output.find("# passed over: loops, folds"), std::string::npos) << both.output;
}

// Qwen3-8B names a head of 151,936 x 4,096 = 622,329,856; its embedding model holds none.
TEST(AFolder, HasNoHeadWhereItsCheckpointHoldsNone) {
  const TemporaryFolder folder;
  const std::string config = read_file(LLMARCH_PROJECT "/tests/spec/configs/qwen3-8b.json");
  write_file(folder.path() / "config.json", config);
  const std::string show = "show '" + folder.path().string() + "' --exact";
  EXPECT_NE(run_llmarch(show).output.find("8,190,735,360"), std::string::npos);
  const fs::path index = folder.path() / "model.safetensors.index.json";
  write_file(index,
             R"({"weight_map": {"embed_tokens.weight": "model-00001-of-00004.safetensors"}})");
  const Seen without = run_llmarch(show);
  EXPECT_NE(without.output.find("7,568,405,504"), std::string::npos) << without.output;
  EXPECT_NE(without.output.find("head: not stored; the config names one of 622329856 parameters"),
            std::string::npos)
      << without.output;
  for (const std::string name : {"lm_head.qweight", "output.weight", "head.weight"}) {
    write_file(index, R"({"weight_map": {")" + name + R"(": "model.safetensors"}})");
    EXPECT_NE(run_llmarch(show).output.find("8,190,735,360"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace llmarch::testing
