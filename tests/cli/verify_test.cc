// `verify` with the kernels that the clock times.
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

TEST(Verify, SaysWhatKernelsAndFormatsThereAre) {
  const auto refused = [](const std::string& arguments) {
    const Seen seen = run_llmarch("verify " + arguments);
    EXPECT_EQ(seen.status, 2) << arguments;
    return seen.errors;
  };
  EXPECT_EQ(refused("a --kernels slow"),
            "llmarch: error: --kernels slow: there are no such kernels\n"
            "      = reference or fast\n");
  EXPECT_EQ(refused("a --kernels fast --weights int8"),
            "llmarch: error: --weights int8: the kernels compute with f32 and bf16\n"
            "      = f32 or bf16\n");
  EXPECT_EQ(refused("a --weights bf16"),
            "llmarch: error: the reference kernels compute in double and round nothing to bf16\n"
            "      = add --kernels fast\n");
  EXPECT_EQ(refused("a b"),
            "llmarch: error: verify takes one folder, and 2 are given\n"
            "      = llmarch verify path/to/checkpoint\n");
}

}  // namespace
}  // namespace llmarch::testing
