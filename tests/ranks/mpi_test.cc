// Ranks that are processes, started by mpirun: the same results and the same bytes as in threads.
#include <gmock/gmock.h>

#include "tests/ranks/processes.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;

struct OnProcesses {
  const char* folder;
  const char* deployment;
  int processes;
};

class VerifyOnProcesses : public ::testing::TestWithParam<OnProcesses> {};

// What is sent is held to what is predicted to the element, in each step and of each rank: a
// difference is a departure.
TEST_P(VerifyOnProcesses, AgreesWithTheReferenceAndSendsWhatIsPredicted) {
  const auto& [folder, deployment, processes] = GetParam();
  const Seen seen = run_processes(processes, verify_command(folder, deployment));
  EXPECT_EQ(seen.status, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("AGREES"));
  EXPECT_THAT(seen.output, HasSubstr("elements sent between ranks"));
}

// A folder of each kind of block. Some do not divide in every way, and each process takes its
// time; so a folder runs in one way, and kinds that are alike in different ways.
constexpr OnProcesses kBlocks[] = {
    // Grouped attention: rotated, with learned positions, with biases by distance.
    {"llama3_tied", "tp=4", 4},
    {"gpt2", "tp=4", 4},
    {"bloom", "tp=2", 2},
    // Windows, chunks, sinks, values of another width, keys that are values.
    {"gemma3_text", "pp=2", 2},
    {"llama4_text", "tp=2,ep=2", 4},
    {"gpt_oss", "dp=2,ep=2", 2},
    {"mimo_v2_flash", "tp=2,dp=1,ep=2", 2},
    {"gemma4_text_moe", "tp=2,dp=1,ep=2", 2},
    // A gate on the output, heads by layer; caches of an earlier layer, per-layer inputs; several
    // residual streams.
    {"step3p5", "tp=2", 2},
    {"gemma4_text_ple", "tp=2", 2},
    {"gemma3n_text", "tp=4", 4},
    // Both blocks on one norm; norms after the sums.
    {"gptj", "pp=2", 2},
    {"opt_post_norm", "pp=2", 2},
    // Latent attention; over chosen keys, whose index layers may share; over entries for groups of
    // positions. Blocks of keys that an index chooses.
    {"deepseek_v3", "tp=2,ep=2", 4},
    {"deepseek_v32", "dp=2,ep=2", 2},
    {"glm_moe_dsa_shared_indexer", "tp=2", 2},
    {"deepseek_v4", "tp=2", 2},
    {"minimax_m3", "tp=2", 2},
    // Mixers with a fixed state.
    {"mamba", "tp=2", 2},
    {"mamba2", "pp=2", 2},
    {"nemotron_h", "dp=2,ep=2", 2},
    {"jamba", "tp=2,pp=2", 4},
    {"minimax", "tp=4", 4},
    {"qwen3_next", "tp=2,ep=2", 4},
    {"kimi_linear_unofficial", "tp=2", 2},
    {"kimi_k3_unofficial", "tp=2,dp=1,ep=2", 2},
    {"lfm2_moe", "dp=2,ep=2", 2},
    // Beside attention in one layer; two attentions in one layer.
    {"falcon_h1", "tp=2", 2},
    {"longcat_flash", "pp=2", 2},
    // Shared experts behind a gate, experts taken one by one.
    {"qwen2_moe", "tp=2,ep=2", 4},
    {"phimoe", "dp=2,ep=2", 2},
    // Positions divided among ranks: of keys, with biases by distance, of latents, beside windows
    // and sinks.
    {"qwen3", "cp=2", 2},
    {"falcon_alibi", "cp=3", 3},
    {"kimi_k2", "tp=2,cp=2", 4},
    {"gpt_oss_rope_parameters", "ep=2,cp=2", 4},
    // Tokens that go only where they choose experts.
    {"qwen3_moe", "ep=2,dispatch=all-to-all", 2},
    {"dots1", "tp=2,dp=2,ep=4,dispatch=all-to-all", 4}};

INSTANTIATE_TEST_SUITE_P(Blocks, VerifyOnProcesses, ::testing::ValuesIn(kBlocks),
                         [](const auto& started) { return std::string(started.param.folder); });

TEST(Processes, AreAsManyAsRanks) {
  const Seen seen = run_processes(2, verify_command("llama3_tied", "tp=4"));
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("'tp=4' is 4 ranks, and 2 processes were started"));
}

}  // namespace
}  // namespace llmarch::testing
