// Runs that lack what they need: room on a disk, memory, a reader.
#include <gmock/gmock.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;

std::string limited(const std::string& limit, const std::string& arguments) {
  return "ulimit " + limit + "; '" + LLMARCH_PROGRAM + "' " + arguments;
}

TEST(DeniedRuns, KeepTheOldFileWhenTheDiskTakesNoMore) {
  const TemporaryFolder folder;
  const std::string file = folder.file("report.md");
  write_file(file, "precious\n");
  // A file of at most 1 KiB, where the report needs more.
  const Seen seen = run_shell(limited("-f 1", "compare gpt2 kimi-k2 -o '" + file + "'"));
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("cannot be written: File too large"));
  EXPECT_EQ(read_file(file), "precious\n");
  EXPECT_EQ(run_shell("ls -A '" + folder.path().string() + "'").output, "report.md\n");
}

TEST(DeniedRuns, SayThatADeviceTakesNoMore) {
  const Seen seen = run_shell(limited("-c 0",
                                      "sweep gpt2 --context 1..9999:+1 --format csv"
                                      " >/dev/full"));
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors,
              HasSubstr("standard output: cannot be written: No space left on device"));
}

TEST(DeniedRuns, SayThatTheReaderIsGone) {
  const Seen seen = run_shell("{ '" LLMARCH_PROGRAM
                              "' sweep gpt2 --context 1..99999:+1 --format csv; echo $? >&2; } |"
                              " head -1");
  EXPECT_EQ(seen.errors, "llmarch: error: standard output: cannot be written: Broken pipe\n2\n");
}

// So little address space that the program can start but not hold a million contexts. (Built with
// sanitizers it cannot even start.)
TEST(DeniedRuns, SayThatThereIsNoMemory) {
  if (run_shell(limited("-v 25000", "--version")).status != 0) GTEST_SKIP() << "it cannot start";
  const Seen seen =
      run_shell(limited("-v 25000", "sweep gpt2 --format csv --context 1,2..999990:+1"));
  EXPECT_EQ(seen.status, 3) << seen.errors;
  EXPECT_EQ(seen.errors, "llmarch: error: this machine does not have enough memory for that\n");
}

// A thread whose stack is larger than all addresses.
TEST(DeniedRuns, SayThatThereIsNoThread) {
  const std::string limit = "-s 68719476736";
  if (run_shell("ulimit " + limit).status != 0) GTEST_SKIP() << "the limit cannot be set";
  const Seen seen =
      run_shell(limited(limit, "measure gpt2 --context 16 --prompt 1 --repeat 1 --threads 2"));
  EXPECT_EQ(seen.status, 3) << seen.errors;
  EXPECT_THAT(seen.errors, HasSubstr("llmarch: error: the system refuses another thread\n"
                                     "      = ask for fewer with --threads\n"));
}

}  // namespace
}  // namespace llmarch::testing
