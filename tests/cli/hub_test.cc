// Models by their names on the Hub: found in the local cache, or a command that fetches them.
#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

class TheHubCache : public ::testing::Test {
 protected:
  Seen run(const std::string& arguments) const {
    return run_shell("HF_HUB_CACHE='" + folder_.path().string() + "' " + LLMARCH_PROGRAM + " " +
                     arguments);
  }
  // A snapshot whose config is a link to a blob, as in the cache.
  void add_snapshot(const std::string& commit, const std::string& config) const {
    const fs::path repository = folder_.path() / "models--Qwen--Qwen3-Own";
    fs::create_directories(repository / "blobs");
    fs::create_directories(repository / "snapshots" / commit);
    write_file(repository / "blobs" / commit, config);
    fs::create_symlink(repository / "blobs" / commit,
                       repository / "snapshots" / commit / "config.json");
  }
  void set_main(const std::string& commit) const {
    const fs::path refs = folder_.path() / "models--Qwen--Qwen3-Own" / "refs";
    fs::create_directories(refs);
    write_file(refs / "main", commit);
  }

  const TemporaryFolder folder_;
  const std::string config_ = read_file(LLMARCH_PROJECT "/tests/spec/configs/gemma-3-27b.json");
};

TEST_F(TheHubCache, GivesAModelThatIsNamedAfterItsRepository) {
  add_snapshot("0123abc", config_);
  const Seen seen = run("compare Qwen/Qwen3-Own --only parameters");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("Qwen3-Own"), std::string::npos) << seen.output;
  EXPECT_NE(seen.output.find("27.01 B"), std::string::npos) << seen.output;
  EXPECT_EQ(run("import Qwen/Qwen3-Own").status, 0);
}

TEST_F(TheHubCache, GivesTheSnapshotOfTheMainBranch) {
  add_snapshot("old", "{}");
  add_snapshot("new", config_);
  EXPECT_EQ(run("show Qwen/Qwen3-Own").status, 2) << "of two snapshots neither is the main one";
  set_main("new");
  EXPECT_EQ(run("show Qwen/Qwen3-Own").status, 0);
}

TEST_F(TheHubCache, IsFilledByACommandThatIsSaid) {
  const Seen seen = run("show Qwen/Qwen3-Own");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("unknown model 'Qwen/Qwen3-Own'"), std::string::npos) << seen.errors;
  EXPECT_NE(seen.errors.find("= fetch its config: 'hf download Qwen/Qwen3-Own config.json'"),
            std::string::npos)
      << seen.errors;
}

TEST_F(TheHubCache, IsWhereEveryCommandThatReadsAConfigLooks) {
  for (const char* command : {"import", "check", "compare"}) {
    const Seen absent = run(std::string(command) + " Qwen/Qwen3-Own");
    EXPECT_EQ(absent.status, 2) << command;
    EXPECT_NE(absent.errors.find("hf download Qwen/Qwen3-Own config.json"), std::string::npos)
        << absent.errors;
  }
  add_snapshot("0123abc", config_);
  for (const char* command : {"import", "check", "compare"}) {
    EXPECT_EQ(run(std::string(command) + " Qwen/Qwen3-Own").status, 0) << command;
  }
}

TEST_F(TheHubCache, IsNotLookedIntoForAPath) {
  add_snapshot("0123abc", config_);
  for (const char* path : {"Qwen/../Qwen3-Own", "./Qwen/Qwen3-Own", "Qwen/Qwen3-Own/"}) {
    EXPECT_EQ(run(std::string("show ") + path).status, 2) << path;
  }
}

TEST(Check, TakesAFolderAsItTakesItsConfig) {
  const TemporaryFolder folder;
  write_file(folder.file("config.json"),
             read_file(LLMARCH_PROJECT "/tests/spec/configs/gemma-3-27b.json"));
  const Seen seen = run_llmarch("check '" + folder.path().string() + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find(": ok: "), std::string::npos) << seen.output;
}

}  // namespace
}  // namespace llmarch::testing
