// fit as a user sees it: which models fit, and how a memory may be written.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
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

TEST(Fit, CountsWhatTheRepositoryHoldsBesideTheTextModel) {
  // 27,009,346,304 + 423,060,336 parameters in bf16: 54,864,813,280 bytes, more than 51 GiB.
  const std::string fit = "fit gemma-3-27b --exact --memory ";
  EXPECT_NE(run_llmarch(fit + "52GiB").output.find("54,864,813,280"), std::string::npos);
  EXPECT_NE(run_llmarch(fit + "51GiB").output.find("none"), std::string::npos);
  const Seen text = run_llmarch(fit + "51GiB --text-only");
  EXPECT_NE(text.output.find("54,018,692,608"), std::string::npos) << text.output;
  EXPECT_EQ(text.output.find("beside the text model"), std::string::npos);
}

// The notes name what the figures above them hold, and nothing else.
TEST(Fit, SaysWhatIsNeededOfEachKindOfRoom) {
  const std::string fit = "fit gemma-3-27b -b 1 -c 8k --format md ";
  const std::string plain = run_llmarch(fit + "--rank --memory 80GiB").output;
  EXPECT_THAT(plain, HasSubstr("Needed: weights, KV cache and activations."));
  EXPECT_THAT(plain, HasSubstr("A prefill needs more"));
  const std::string engine = run_llmarch(fit + "--rank --memory 80GiB --engine vllm").output;
  EXPECT_THAT(engine, HasSubstr("and what is added for the engine"));
  EXPECT_THAT(engine, Not(HasSubstr("come on top")));
  EXPECT_THAT(engine, Not(HasSubstr("A prefill needs more")));
  const std::string caches = run_llmarch(fit + "--kv-memory 8GiB").output;
  EXPECT_THAT(caches, Not(HasSubstr("beside the text model")));
  EXPECT_THAT(caches, Not(HasSubstr("Activations")));
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

// 24 GB twice: what an RTX 3090 holds, an RTX 4090 holds.
TEST(Fit, AnswersForEachOfSeveralMachines) {
  const Json json = json_of("fit llama-3.1-8b --on rtx-3090,rtx-4090");
  ASSERT_EQ(json["machines"].size(), 2U);
  EXPECT_EQ(json["machines"][0]["memory"]["name"], "rtx-3090: 24 GiB");
  EXPECT_EQ(json["machines"][1]["memory"]["name"], "rtx-4090: 24 GiB");
  EXPECT_EQ(json["machines"][0]["models"], json["machines"][1]["models"]);
  EXPECT_FALSE(json["workload"].contains("on"));
  const Seen text = run_llmarch("fit llama-3.1-8b --on rtx-3090,h200");
  EXPECT_THAT(text.output, HasSubstr("What fits into rtx-3090: 24 GiB"));
  EXPECT_THAT(text.output, HasSubstr("What fits into h200: 141 GiB"));
}

}  // namespace
}  // namespace llmarch::testing
