// What people type, and which of the known names they mean by it.
#include "sim/spec/meant_names.h"

#include <gmock/gmock.h>

namespace llmarch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<KnownName> kMachines{{"b200"},     {"h100-sxm", {"NVIDIA H100 SXM5 80 GB"}},
                                       {"h200"},     {"mi300x"},
                                       {"rtx-4090"}, {"gb10", {"NVIDIA DGX Spark"}}};

const std::vector<KnownName> kModels{{"deepseek-v2"},
                                     {"deepseek-v2-lite"},
                                     {"deepseek-v3", {"DeepSeek-V3 / R1"}},
                                     {"gemma-2-2b"},
                                     {"gemma-3-12b"},
                                     {"gemma-3-1b"},
                                     {"gemma-3n-e2b"},
                                     {"kimi-k2"},
                                     {"llama-3.1-405b"},
                                     {"llama-3.1-70b"},
                                     {"llama-3.1-8b"},
                                     {"llama-3.2-1b"},
                                     {"llama-4-maverick"},
                                     {"mistral-small-3.1-24b"},
                                     {"qwen3-0.6b"},
                                     {"qwen3-235b-a22b"},
                                     {"qwen3-32b"}};

TEST(AMachine, MayBeTypedWithoutItsVariantOrItsSeries) {
  EXPECT_THAT(meant_names("H100", kMachines), ElementsAre("h100-sxm"));
  EXPECT_THAT(meant_names("h100", kMachines), ElementsAre("h100-sxm"));
  EXPECT_THAT(meant_names("4090", kMachines), ElementsAre("rtx-4090"));
  EXPECT_THAT(meant_names("MI300", kMachines), ElementsAre("mi300x"));
}

TEST(AMachine, IsNeverMeantByAnotherNumber) {
  EXPECT_THAT(meant_names("H20", kMachines), ElementsAre("h200"));  // its beginning
  EXPECT_THAT(meant_names("H300", kMachines), IsEmpty());
  EXPECT_THAT(meant_names("A100", kMachines), IsEmpty());
}

TEST(AName, MayBeThatOfItsTitle) {
  EXPECT_THAT(meant_names("spark", kMachines), ElementsAre("gb10"));
  EXPECT_THAT(meant_names("R1", kModels), ElementsAre("deepseek-v3"));
  EXPECT_THAT(meant_names("deepseek-r1", kModels), ElementsAre("deepseek-v3"));
}

TEST(AModel, MayBeTypedInAnotherSpelling) {
  EXPECT_THAT(meant_names("deepseek v3", kModels), ElementsAre("deepseek-v3"));
  EXPECT_THAT(meant_names("Qwen/Qwen3-235B-A22B", kModels), ElementsAre("qwen3-235b-a22b"));
  EXPECT_THAT(meant_names("Llama-3.1-8B-Instruct", kModels), ElementsAre("llama-3.1-8b"));
}

TEST(AModel, MayBeTypedInPart) {
  EXPECT_THAT(meant_names("qwen3-235b", kModels), ElementsAre("qwen3-235b-a22b"));
  EXPECT_THAT(meant_names("qwen3-0", kModels), ElementsAre("qwen3-0.6b"));
  EXPECT_THAT(meant_names("llama-3-8b", kModels), ElementsAre("llama-3.1-8b"));
  EXPECT_THAT(meant_names("maverick", kModels), ElementsAre("llama-4-maverick"));
  EXPECT_THAT(meant_names("kimi", kModels), ElementsAre("kimi-k2"));
  EXPECT_THAT(meant_names("mistral-small", kModels), ElementsAre("mistral-small-3.1-24b"));
}

TEST(AFamily, IsAllOfItsModelsByVersionAndSize) {
  EXPECT_THAT(meant_names("llama3", kModels),
              ElementsAre("llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b", "llama-3.2-1b"));
  EXPECT_THAT(meant_names("gemma3", kModels), ElementsAre("gemma-3-1b", "gemma-3-12b"));
}

TEST(WhatIsTypedWhole, IsNotAlsoSomethingLonger) {
  EXPECT_THAT(meant_names("DeepSeek-V2", kModels), ElementsAre("deepseek-v2"));
}

TEST(ABeginning, MeansWhatBeginsWithItAndNotWhatHoldsIt) {
  const std::vector<KnownName> quantities{
      {"kv_heads"}, {"kv_bytes"}, {"decode_kv_bytes"}, {"weight_bytes"}};
  EXPECT_THAT(meant_names("kv", quantities), ElementsAre("kv_bytes", "kv_heads"));
  const std::vector<KnownName> options{{"--on"}, {"--context"}, {"--only"}};
  EXPECT_THAT(meant_names("--cont", options), ElementsAre("--context"));
}

TEST(WhatIsLikeNothing, MeansNothing) {
  EXPECT_THAT(meant_names("", kModels), IsEmpty());
  EXPECT_THAT(meant_names("--", kModels), IsEmpty());
  EXPECT_THAT(meant_names("falcon", kModels), IsEmpty());
}

TEST(Suggestions, FindASlipOfThePenInAPartOfAName) {
  EXPECT_EQ(did_you_mean("deepsek", kModels),
            "did you mean 'deepseek-v2', 'deepseek-v3' or 'deepseek-v2-lite'?");
  EXPECT_EQ(did_you_mean("lama-8b", kModels), "did you mean 'llama-3.1-8b'?");
  EXPECT_EQ(did_you_mean("a100", kMachines), std::nullopt);  // h100 is another machine
}

TEST(Suggestions, AreFiveNamesAtMostAndNoLongList) {
  std::vector<std::string> names;
  for (int i = 0; i < 100'000; ++i) names.push_back("model-" + std::to_string(i));
  EXPECT_EQ(suggest("model", names),
            "did you mean 'model-0', 'model-1', 'model-2', 'model-3' or 'model-4'?");
  EXPECT_EQ(suggest("falcon", names),
            "known: model-0, model-1, model-2, model-3, model-4, model-5 and 99994 more");
}

TEST(Suggestions, NameWhatWasMeantElseASlipOfThePenElseAll) {
  const std::vector<std::string> names{"gpt2", "gpt2-xl", "kimi-k2"};
  EXPECT_EQ(suggest("gpt", names), "did you mean 'gpt2' or 'gpt2-xl'?");
  EXPECT_EQ(suggest("kimi-k3", names), "did you mean 'kimi-k2'?");
  EXPECT_EQ(suggest("falcon", names), "known: gpt2, gpt2-xl, kimi-k2");
}

}  // namespace
}  // namespace llmarch
