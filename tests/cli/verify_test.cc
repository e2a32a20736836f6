// `verify` with the kernels that measure times.
#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

const std::string kMixture = LLMARCH_PROJECT "/tests/golden/vectors/qwen3_moe";

TEST(Verify, AgreesWithFastKernelsInEachFormat) {
  for (const std::string format : {"f32", "bf16"}) {
    const Seen seen = run_llmarch("verify '" + kMixture + "' --kernels fast --weights " + format);
    EXPECT_EQ(seen.status, 0) << seen.output;
    EXPECT_NE(seen.output.find("one by one: AGREES."), std::string::npos) << seen.output;
  }
}

// DeepSeek V4 names its head head.weight: a checkpoint with it must not pass for one without a
// head.
TEST(Verify, AgreesWithModelsOfSeveralStreams) {
  for (const std::string folder : {"deepseek_v4", "kimi_k3_unofficial"}) {
    const Seen seen =
        run_llmarch("verify '" LLMARCH_PROJECT "/tests/golden/vectors/" + folder + "'");
    EXPECT_EQ(seen.status, 0) << seen.output << seen.errors;
    EXPECT_NE(seen.output.find("one by one: AGREES."), std::string::npos) << seen.output;
  }
}

TEST(Verify, RunsAPrefillByChunksWhereItIsAskedTo) {
  const std::string folder = LLMARCH_PROJECT "/tests/golden/vectors/qwen3_next";
  for (const std::string kernels : {"reference", "fast"}) {
    const Seen seen =
        run_llmarch("verify '" + folder + "' --recurrence chunk --kernels " + kernels);
    EXPECT_EQ(seen.status, 0) << seen.output << seen.errors;
    EXPECT_NE(seen.output.find("by chunks, then"), std::string::npos) << seen.output;
  }
}

TEST(Verify, RefusesChunksOfAModelThatHasNone) {
  for (const auto& [folder, problem] :
       {std::pair{"qwen3_moe", "--recurrence: qwen3_moe has no recurrence"},
        std::pair{"jamba", "the selective scan of Mamba-1 does not run by chunks"}}) {
    const Seen seen = run_llmarch("verify '" LLMARCH_PROJECT "/tests/golden/vectors/" +
                                  std::string(folder) + "' --recurrence chunk");
    EXPECT_EQ(seen.status, 2) << seen.output;
    EXPECT_NE(seen.errors.find(problem), std::string::npos) << seen.errors;
  }
}

TEST(Verify, AgreesOverCachesInEachNarrowFormat) {
  for (const std::string kv : {"f16", "fp8", "k=bf16,v=fp8"}) {
    const Seen seen = run_llmarch("verify '" + kMixture + "' --kernels fast --kv " + kv);
    EXPECT_EQ(seen.status, 0) << seen.output << seen.errors;
    EXPECT_NE(seen.output.find("one by one: AGREES."), std::string::npos) << seen.output;
  }
}

TEST(Verify, RefusesCachesThatItCannotKeep) {
  const Seen slow = run_llmarch("verify '" + kMixture + "' --kv f16");
  EXPECT_EQ(slow.status, 2);
  EXPECT_NE(slow.errors.find("add --kernels fast"), std::string::npos) << slow.errors;
  const Seen unknown = run_llmarch("verify '" + kMixture + "' --kernels fast --kv k=q8_0,v=q4_0");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.errors.find("error: --kv: "), std::string::npos) << unknown.errors;
}

}  // namespace
}  // namespace llmarch::testing
