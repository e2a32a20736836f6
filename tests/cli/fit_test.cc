// fit as a user sees it: which models fit, and how a memory may be written.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> models_in(const Seen& seen) {
  EXPECT_EQ(seen.status, 0) << seen.errors;
  std::vector<std::string> names;
  const auto json = nlohmann::json::parse(seen.output);
  for (const auto& model : json["models"]) names.push_back(model["name"]);
  return names;
}

// Weights in two bytes and the cache of 8k tokens: Qwen3 0.6B and 1.7B fit into 6 GiB, of which
// GPT-2 needs least, whose makers allow 1,024 tokens; Llama 3.1 8B needs 16 GB and DeepSeek-V3
// more.
TEST(Fit, RanksTheLargestModelThatFitsFirst) {
  const std::vector<std::string> models = models_in(
      run_llmarch("fit deepseek-v3 gpt2 qwen3-0.6b llama-3.1-8b qwen3-1.7b --rank --memory 6GiB "
                  "--format json"));
  EXPECT_THAT(models, ::testing::ElementsAre("qwen3-1.7b", "qwen3-0.6b", "gpt2", "llama-3.1-8b",
                                             "deepseek-v3"));
}

TEST(Fit, RanksEveryModelThatIsKnown) {
  EXPECT_EQ(models_in(run_llmarch("fit --all --memory 24G --format json")).size(),
            models_in(run_llmarch("list --format json")).size());
  EXPECT_EQ(run_llmarch("fit --all gpt2 --memory 24G").status, 2);
}

TEST(Fit, RanksEveryModelThatIsKnownAndChanged) {
  const auto all = models_in(run_llmarch("fit --all --memory 24G --format json"));
  const auto changed =
      models_in(run_llmarch("fit --all --set vocabulary=32000 --memory 24G --format json"));
  EXPECT_EQ(changed.size(), 2 * all.size());
  EXPECT_THAT(changed, ::testing::Contains("gpt2+vocabulary=32000"));
}

TEST(Fit, TakesSeveralMemoriesForOne) {
  const Seen seen = run_llmarch("fit llama-3.1-8b --memory 8x80GiB");
  EXPECT_THAT(seen.output, StartsWith("What fits into 8 × 80 GiB\n"));
  EXPECT_THAT(seen.output, HasSubstr("The memories are taken for one"));
}

TEST(Fit, RefusesAMemoryWhoseUnitWasForgotten) {
  const Seen seen = run_llmarch("fit llama-3.1-8b --memory 24");
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.errors,
            "llmarch: error: --memory 24: 24 B hold no model\n"
            "      = write 24GiB or 24GB\n");
}

TEST(Fit, NamesWhatBindsAModel) {
  const Seen seen = run_llmarch("fit gpt2 qwen3-0.6b --memory 24GiB --batch 1 --context 8k");
  EXPECT_THAT(seen.output, HasSubstr("gpt2            1            1,024  learned positions"));
  EXPECT_THAT(seen.output, HasSubstr("qwen3-0.6b      1           40,960  its makers"));
  EXPECT_THAT(seen.output, HasSubstr("gpt2             8k           none  learned positions"));
}

}  // namespace
}  // namespace llmarch::testing
