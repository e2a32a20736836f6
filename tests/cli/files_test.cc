#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(Files, AreWrittenInTheFormatOfTheirEnding) {
  const TemporaryFolder folder;
  const Seen seen = run_llmarch("compare gpt2 kimi-k2 -o '" + folder.file("a.md") + "' -o '" +
                                folder.file("a.csv") + "' -o '" + folder.file("a.json") + "' -o '" +
                                folder.file("a.txt") + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_EQ(seen.output, "");
  EXPECT_EQ(files_in(folder.path()), 4U);
  EXPECT_EQ(read_file(folder.file("a.md")), run_llmarch("compare gpt2 kimi-k2 --format md").output);
  EXPECT_EQ(read_file(folder.file("a.csv")),
            run_llmarch("compare gpt2 kimi-k2 --format csv").output);
  EXPECT_EQ(read_file(folder.file("a.json")),
            run_llmarch("compare gpt2 kimi-k2 --format json").output);
  EXPECT_EQ(read_file(folder.file("a.txt")), run_llmarch("compare gpt2 kimi-k2").output);
}

TEST(Files, GoBesideStandardOutputWhenItIsAskedFor) {
  const TemporaryFolder folder;
  const std::string file = " -o '" + folder.file("a.csv") + "'";
  EXPECT_EQ(run_llmarch("list -o -" + file).output, run_llmarch("list").output);
  EXPECT_EQ(run_llmarch("list --format md" + file).output, run_llmarch("list --format md").output);
}

TEST(Files, KeepTheirOldContentWhenTheWorkFails) {
  const TemporaryFolder folder;
  write_file(folder.file("a.md"), "precious\n");
  EXPECT_EQ(run_llmarch("compare gpt3 -o '" + folder.file("a.md") + "'").status, 2);
  EXPECT_EQ(read_file(folder.file("a.md")), "precious\n");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(Files, ThatCannotBeWrittenAreSaidBeforeTheWorkBegins) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing/a.md");
  const Seen seen = run_llmarch("compare gpt3 -o '" + missing + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: " + missing + ": cannot be written: No such file or directory\n");
}

TEST(Files, ThatAreLinksKeepBeingLinks) {
  const TemporaryFolder folder;
  write_file(folder.file("real.md"), "old\n");
  fs::create_symlink("real.md", folder.file("link.md"));
  EXPECT_EQ(run_llmarch("list -o '" + folder.file("link.md") + "'").status, 0);
  EXPECT_TRUE(fs::is_symlink(folder.file("link.md")));
  EXPECT_EQ(read_file(folder.file("real.md")), run_llmarch("list --format md").output);
}

TEST(Files, OfAFullDiskAreAClearError) {
  const Seen seen = run_llmarch("list >/dev/full");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: standard output: cannot be written: No space left on device\n");
}

TEST(Files, AreNotNeededByTheProgramItself) {
  const TemporaryFolder folder;
  fs::copy_file(LLMARCH_PROGRAM, folder.file("alone"));
  const Seen seen = run_shell("cd / && '" + folder.file("alone") + "' list");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_EQ(seen.output, run_llmarch("list").output);
}

}  // namespace
}  // namespace llmarch::testing
