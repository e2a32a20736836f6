// Runs that are ended by a signal at a random moment. A file is then the old one or the new one,
// and a signal that can be caught leaves no other files. `tests/faults/kills` does it a thousand
// times.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/run_program.h"

extern char** environ;

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

int kills_wanted() {
  const char* asked = std::getenv("LLMARCH_KILLS");
  return asked == nullptr ? 20 : std::atoi(asked);
}

// Resets every signal as a terminal leaves it: a shell that runs the tests in the background
// ignores Ctrl-C, and the program leaves an ignored signal ignored.
class AsFromATerminal {
 public:
  AsFromATerminal() {
    sigset_t all{};
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  ~AsFromATerminal() { ::posix_spawnattr_destroy(&attributes_); }
  AsFromATerminal(const AsFromATerminal&) = delete;
  AsFromATerminal& operator=(const AsFromATerminal&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

pid_t start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), LLMARCH_PROGRAM);
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const AsFromATerminal attributes;
  pid_t child = 0;
  if (::posix_spawn(&child, LLMARCH_PROGRAM, nullptr, attributes.get(), words.data(), environ) !=
      0) {
    throw std::runtime_error("the program cannot be started");
  }
  return child;
}

// The wait status.
int ended(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

// Every file of a folder, except those that a run had not finished.
std::map<std::string, std::string> finished_files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".part") continue;
    files[entry.path().filename().string()] = read_file(entry.path());
  }
  return files;
}

std::size_t unfinished_files(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".part") ++count;
  }
  return count;
}

// A command that writes to a folder, in two versions with different output.
struct Writing {
  std::string name;
  std::vector<std::string> before, after;  // without -o
  std::string target;                      // below the folder
};

std::vector<std::string> into(std::vector<std::string> arguments, const std::string& file) {
  arguments.insert(arguments.end(), {"-o", file});
  return arguments;
}

struct Ends {
  int old_files = 0, new_files = 0, killed = 0;
};

class EndedRuns {
 public:
  explicit EndedRuns(Writing writing) : writing_(std::move(writing)) {
    old_ = files_of(writing_.before);
    const auto begin = Clock::now();
    new_ = files_of(writing_.after);
    whole_run_ = Clock::now() - begin;
    EXPECT_NE(old_, new_);
  }

  // Ends a run at some point, or just after its end.
  void end_one(int signal, Ends& ends) {
    lay_out_old();
    const pid_t child = start(into(writing_.after, folder_.file(writing_.target)));
    std::uniform_real_distribution<double> share(0, 1.1);
    std::this_thread::sleep_for(whole_run_ * share(random_));
    ::kill(child, signal);
    const int status = ended(child);
    if (WIFSIGNALED(status)) {
      EXPECT_EQ(WTERMSIG(status), signal);
      ++ends.killed;
    }
    judge(ends);
    if (signal == SIGKILL) return;
    EXPECT_EQ(unfinished_files(folder_.path()), 0U);
  }

 private:
  std::map<std::string, std::string> files_of(const std::vector<std::string>& arguments) const {
    const TemporaryFolder folder;
    EXPECT_EQ(ended(start(into(arguments, folder.file(writing_.target)))), 0);
    return finished_files(folder.path());
  }

  void lay_out_old() {
    for (const auto& entry : fs::directory_iterator(folder_.path())) fs::remove(entry.path());
    for (const auto& [name, text] : old_) write_file(folder_.path() / name, text);
  }

  void judge(Ends& ends) const {
    for (const auto& [name, text] : finished_files(folder_.path())) {
      const auto was = old_.find(name);
      const auto will = new_.find(name);
      const bool is_old = was != old_.end() && text == was->second;
      const bool is_new = will != new_.end() && text == will->second;
      EXPECT_TRUE(is_old || is_new) << writing_.name << ": " << name << " has " << text.size()
                                    << " bytes and is neither the old nor the new file";
      ends.old_files += is_old ? 1 : 0;
      ends.new_files += is_new ? 1 : 0;
    }
  }

  Writing writing_;
  TemporaryFolder folder_;
  std::map<std::string, std::string> old_, new_;
  Clock::duration whole_run_{};
  std::mt19937 random_{20260101};
};

std::vector<Writing> writings() {
  const std::string study = std::string(LLMARCH_PROJECT) + "/tests/faults/pair.toml";
  const std::string other = std::string(LLMARCH_PROJECT) + "/tests/faults/other_pair.toml";
  return {{"report", {"report", other}, {"report", study}, "report.md"},
          {"sweep",
           {"sweep", "gpt2", "--context", "1..5000:+1"},
           {"sweep", "gpt2", "--context", "1..40000:+1"},
           "sweep.csv"}};
}

void end_runs(int signal, int times) {
  for (const Writing& writing : writings()) {
    EndedRuns runs(writing);
    Ends ends;
    // Some runs end by themselves before the signal; they are checked too, but do not count.
    int begun = 0;
    for (; ends.killed < times / 2 && begun < 5 * times; ++begun) runs.end_one(signal, ends);
    std::printf("%s: %d runs, %d ended by the signal; files found: %d old, %d new\n",
                writing.name.c_str(), begun, ends.killed, ends.old_files, ends.new_files);
    EXPECT_EQ(ends.killed, times / 2) << "too few runs were ended in time";
  }
}

TEST(EndedRuns, BySigkillLeaveOldFilesOrNewOnes) {
  end_runs(SIGKILL, kills_wanted());
}

TEST(EndedRuns, BySigtermLeaveNothingBesideThem) {
  end_runs(SIGTERM, 10);
}

TEST(EndedRuns, ByCtrlCLeaveNothingBesideThem) {
  end_runs(SIGINT, 10);
}

TEST(EndedRuns, ByATerminalThatClosesLeaveNothingBesideThem) {
  end_runs(SIGHUP, 10);
}

// A killed run does not remove its temporary file, and in a container the next run may have the
// same process id.
TEST(ARun, WritesBesideWhatAnotherOfItsNumberLeftBehind) {
  const TemporaryFolder folder;
  const std::string file = folder.file("gpt2.md");
  const Seen seen =
      run_shell("echo half >'" + file + ".'$$-0.part; exec '" LLMARCH_PROGRAM "' show gpt2 -o '" +
                file + "'");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_FALSE(read_file(file).empty());
  EXPECT_EQ(unfinished_files(folder.path()), 1U);
}

}  // namespace
}  // namespace llmarch::testing
