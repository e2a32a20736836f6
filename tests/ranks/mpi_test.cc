// Ranks that are processes, started by mpirun: the same results and the same bytes as in threads,
// and an end where one of them does not go on.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;

// mpirun refuses to run as root unless it is told twice, and counts cores.
Seen run_mpi(int processes, const std::string& command) {
  return run_shell("OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 '" LLMARCH_MPIRUN
                   "' --oversubscribe -n " +
                   std::to_string(processes) + " " + command);
}

std::string verify(const std::string& folder, const std::string& deployment) {
  return "'" LLMARCH_PROGRAM "' verify '" LLMARCH_GOLDEN "/" + folder + "' --parallel " +
         deployment;
}

struct OnProcesses {
  const char* folder;
  const char* deployment;
  int processes;
};

class VerifyOnProcesses : public ::testing::TestWithParam<OnProcesses> {};

TEST_P(VerifyOnProcesses, AgreesWithTheReferenceAndSendsWhatIsPredicted) {
  const auto& [folder, deployment, processes] = GetParam();
  const Seen seen = run_mpi(processes, verify(folder, deployment));
  EXPECT_EQ(seen.status, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("AGREES"));
  EXPECT_THAT(seen.output, HasSubstr("elements sent between ranks"));
}

// Attention over latents and over chosen keys, windows, recurrences, experts.
INSTANTIATE_TEST_SUITE_P(
    Models, VerifyOnProcesses,
    ::testing::Values(OnProcesses{"llama3_tied", "tp=2", 2}, OnProcesses{"gemma3_text", "pp=2", 2},
                      OnProcesses{"deepseek_v3", "tp=2,ep=2", 4}, OnProcesses{"gpt_oss", "ep=2", 2},
                      OnProcesses{"minimax_m3", "tp=2", 2}, OnProcesses{"qwen3_next", "tp=2", 2},
                      OnProcesses{"minimax", "tp=2", 2}, OnProcesses{"jamba", "tp=2,pp=2", 4}),
    [](const auto& started) { return std::string(started.param.folder); });

TEST(Processes, AreAsManyAsRanks) {
  const Seen seen = run_mpi(2, verify("llama3_tied", "tp=4"));
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("'tp=4' is 4 ranks, and 2 processes were started"));
}

TEST(AProcess, ThatDiesEndsTheOthers) {
  const auto begin = std::chrono::steady_clock::now();
  const Seen seen = run_mpi(2,
                            "sh -c 'if [ \"$OMPI_COMM_WORLD_RANK\" = 1 ]; then kill -9 $$; fi; "
                            "exec \"$@\"' sh " +
                                verify("llama3_tied", "tp=2"));
  EXPECT_NE(seen.status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace llmarch::testing
