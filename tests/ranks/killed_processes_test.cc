// Ranks that are killed at random moments: the others end soon after, and the launcher says which
// rank it was. `tests/ranks/kills` does it a hundred times.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <random>
#include <vector>

#include "tests/ranks/processes.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kRanks = 4;
constexpr Seconds kLongestEnd{10};

int kills_asked() {
  const char* asked = std::getenv("LLMARCH_KILLS");
  return asked == nullptr ? 3 : std::atoi(asked);
}

struct Kill {
  int rank = 0;
  Seconds after{};  // the start of the rank
};

// Each process notes its number, which the program that it becomes has too. The one to be killed
// is started by `timeout`, which is killed with it: mpirun sees a rank that a signal has ended.
std::string noted_and_killed(const TemporaryFolder& folder, const Kill& kill) {
  return "sh -c 'echo $$ >\"$0/$OMPI_COMM_WORLD_RANK\"; [ \"$OMPI_COMM_WORLD_RANK\" = " +
         std::to_string(kill.rank) + " ] && exec timeout -s KILL " +
         std::to_string(kill.after.count()) + " \"$@\"; exec \"$@\"' '" + folder.path().string() +
         "' ";
}

// One that has ended is a zombie until the system's first process has taken note.
bool runs(const std::filesystem::path& noted) {
  std::ifstream number(noted);
  std::string process;
  number >> process;
  std::ifstream file("/proc/" + process + "/stat");
  std::string state;  // the word after the program's name
  for (std::string word; state.empty() && file >> word;) {
    if (word.back() == ')') file >> state;
  }
  return !state.empty() && state != "Z";
}

struct Noted {
  int processes = 0, running = 0;
};

Noted look_at(const TemporaryFolder& folder) {
  Noted noted;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) {
    ++noted.processes;
    if (runs(each.path())) ++noted.running;
  }
  return noted;
}

struct Ended {
  Seen seen;
  Seconds took{};  // until the last rank has ended
};

// mpirun does not wait for the ranks that it ends. Where a rank is killed while it joins the
// others, Open MPI 4.1 ends them, says why, and may then not end itself; so it is given a minute.
Ended run_with(const Kill& kill) {
  const TemporaryFolder folder;
  const auto begin = Clock::now();
  std::future<Seen> seen = std::async(std::launch::async, [&] {
    const std::string verify = verify_command("deepseek_v3", "tp=2,ep=2");
    return run_shell("timeout -s KILL 60 " +
                     mpirun(kRanks, noted_and_killed(folder, kill) + verify));
  });
  Ended ended;
  const auto has_ended = [&] {
    const bool launcher = seen.wait_for(std::chrono::milliseconds(5)) == std::future_status::ready;
    const Noted noted = look_at(folder);
    return noted.running == 0 && (launcher || noted.processes == kRanks);
  };
  while (!has_ended() && Clock::now() - begin < kill.after + 2 * kLongestEnd) {
  }
  ended.took = Clock::now() - begin;
  ended.seen = seen.get();
  return ended;
}

TEST(AProcess, ThatIsKilledAtAnyMomentEndsTheOthersWithTheReason) {
  const Ended alone = run_with({kRanks, {}});  // no rank has this number
  ASSERT_EQ(alone.seen.status, 0) << alone.seen.errors;
  Seconds whole = alone.took;
  std::mt19937 random(20'261'130);
  std::uniform_int_distribution<int> rank(0, kRanks - 1);
  std::uniform_real_distribution<double> share(0.001, 1);
  const int asked = kills_asked();
  Seconds longest{};
  int killed = 0;
  // Some runs end before the kill, and do not count but for how long a run is now.
  for (int begun = 0; killed < asked && begun < 5 * asked; ++begun) {
    const Kill kill{rank(random), whole * share(random)};
    const Ended ended = run_with(kill);
    if (ended.seen.status == 0) {
      whole = ended.took;
      continue;
    }
    ++killed;
    longest = std::max(longest, ended.took - kill.after);
    EXPECT_THAT(ended.seen.errors,
                HasSubstr("process rank " + std::to_string(kill.rank) + " with PID"));
    EXPECT_THAT(ended.seen.errors, HasSubstr("exited on signal 9 (Killed)"));
  }
  std::printf("%d ranks killed; the last of the others ended at most %.1f s later\n", killed,
              longest.count());
  EXPECT_EQ(killed, asked) << "too few ranks were killed in time";
  EXPECT_LT(longest, kLongestEnd);
}

}  // namespace
}  // namespace llmarch::testing
