// Several command lines of one program: models are read once, and figures are those of a program
// that reads them anew.
#include "sim/cli/kept_models.h"

#include <gtest/gtest.h>

#include "sim/cli/commands.h"
#include "sim/cli/models.h"
#include "tests/support/run_program.h"

namespace llmarch::cli {
namespace {

TEST(KeptModels, AreReadAgainOnlyWhereTheNameHasAnotherText) {
  KeptModels kept;
  const Model gpt2 = Catalog(std::nullopt, kept).find("gpt2");
  int reads = 0;
  const auto read = [&] {
    ++reads;
    return gpt2;
  };
  kept.find("mine", "one text", read);
  kept.find("mine", "one text", read);
  EXPECT_EQ(reads, 1);
  kept.find("mine", "another text", read);
  EXPECT_EQ(reads, 2);
  kept.find("mine", "one text", read);
  EXPECT_EQ(reads, 3);
}

TEST(KeptModels, DoNotKeepWhatCannotBeRead) {
  KeptModels kept;
  const auto refuse = []() -> Model { throw BadInput("no model"); };
  EXPECT_THROW(kept.find("mine", "a text", refuse), BadInput);
  EXPECT_THROW(kept.find("mine", "a text", refuse), BadInput);
}

TEST(TheCatalog, ReadsABuiltInSpecOnceForItsOtherNamesAndItsModel) {
  KeptModels kept;
  const Catalog catalog(std::nullopt, kept);
  EXPECT_EQ(catalog.other_names().at("deepseek-r1"), "deepseek-v3");
  const auto refuse = []() -> Model { throw BadInput("read again"); };
  for (const auto& [name, entry] : catalog.entries()) {
    EXPECT_NO_THROW(kept.find(name, entry.text, refuse)) << name;
  }
}

std::string printed(const Arguments& words, KeptModels& kept) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run_program(words, kept), ExitStatus::done);
  return ::testing::internal::GetCapturedStdout();
}

// --text-only changes a copy; a spec that is written anew under its name is another model.
TEST(CommandLines, AfterOneAnotherSayWhatEachSaysAlone) {
  const llmarch::testing::TemporaryFolder folder;
  const std::string spec = folder.file("small.toml");
  const std::string gpt2 = llmarch::testing::run_llmarch("import gpt2").output;
  const auto named = [&](const std::string& layers) {
    std::string text = gpt2;
    text.replace(text.find("\"gpt2\""), 6, "\"small\"");
    return text + "# " + layers + "\n";
  };
  llmarch::testing::write_file(spec, named("as it is"));
  const std::vector<Arguments> lines{{"compare", "qwen3.6-27b", spec, "--format", "csv"},
                                     {"compare", "qwen3.6-27b", "--text-only", "--format", "csv"},
                                     {"compare", "qwen3.6-27b", spec, "--format", "csv"},
                                     {"show", "gemma-3-27b+window=512", "--format", "json"},
                                     {"show", "gemma-3-27b", "--format", "json"}};
  KeptModels kept;
  for (const Arguments& line : lines) {
    KeptModels none;
    EXPECT_EQ(printed(line, kept), printed(line, none)) << line.front();
  }
  const std::string before = printed(lines.front(), kept);
  std::string smaller = named("changed");
  smaller.replace(smaller.find("hidden = 768"), 12, "hidden = 384");
  llmarch::testing::write_file(spec, smaller);
  KeptModels none;
  const std::string afterwards = printed(lines.front(), kept);
  EXPECT_NE(afterwards, before);
  EXPECT_EQ(afterwards, printed(lines.front(), none));
}

// Half the rank is half the parameters.
TEST(CommandLines, ReadAnAdapterAnewThatHasChanged) {
  const llmarch::testing::TemporaryFolder folder;
  const std::string file = folder.file("adapter_config.json");
  std::string adapter = llmarch::testing::read_file(LLMARCH_CASES "/lora-adapter-config.json");
  KeptModels kept;
  const auto parameters = [&] {
    llmarch::testing::write_file(file, adapter);
    return *Catalog(std::nullopt, kept).find("gemma-2-9b+adapter=" + file).spec.beside->adapter;
  };
  EXPECT_EQ(parameters(), 33'439'744);
  adapter.replace(adapter.find("\"r\": 16"), 7, "\"r\": 8");
  EXPECT_EQ(parameters(), 33'439'744 / 2);
}

// 2 x 12 layers x 768 elements x 2 bytes a position.
TEST(SweptFigures, AreThoseOfTheSweepInItsOrder) {
  KeptModels kept;
  EXPECT_EQ(swept_figures({"gpt2", "--context", "1,2", "--show", "kv_bytes,hidden"}, kept),
            (std::vector<double>{36'864, 768, 73'728, 768}));
  EXPECT_THROW(swept_figures({"gpt2", "--show", "floor_time"}, kept), UsageError);
}

}  // namespace
}  // namespace llmarch::cli
