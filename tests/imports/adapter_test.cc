// Low-rank adapters as PEFT writes them: the parameters that they put beside a model, by hand.
#include "sim/huggingface/hf_adapter.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sim/graph/lower.h"
#include "sim/toml/toml_loader.h"

namespace llmarch {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

OpGraph model(const std::string& name) {
  return lower(*load_toml_spec(text_of(LLMARCH_ARCH_SPECS "/models/" + name + ".toml")).spec);
}

Json adapter(const Json& targets) {
  return {{"peft_type", "LORA"}, {"r", 16}, {"target_modules", targets}};
}

std::int64_t parameters(const Json& config, const std::string& name) {
  const AdapterLoad load = load_adapter(config.dump(), model(name));
  EXPECT_THAT(load.problems, IsEmpty()) << load.problems.front().message;
  return load.parameters ? load.parameters->amount().value() : 0;
}

std::string problem(const Json& config, const std::string& name) {
  const AdapterLoad load = load_adapter(config.dump(), model(name));
  return load.problems.empty() ? "" : load.problems.front().message;
}

Json with(Json config, const Json& change) {
  config.update(change);
  return config;
}

// Gemma 2 9B is 3,584 wide, its queries 4,096, its keys and values 2,048, its feed-forward 14,336.
constexpr std::int64_t kAttention = 16 * (2 * (3'584 + 4'096) + 2 * (3'584 + 2'048));
constexpr std::int64_t kFeedForward = 16 * 3 * (3'584 + 14'336);

TEST(AnAdapter, IsTwoMatricesOfItsRankBesideEachThatItAdapts) {
  const Json attention = adapter({"q_proj", "k_proj", "v_proj", "o_proj"});
  EXPECT_EQ(parameters(attention, "gemma-2-9b"), 42 * kAttention);
  const AdapterLoad load =
      load_adapter(text_of(LLMARCH_CASES "/lora-adapter-config.json"), model("gemma-2-9b"));
  EXPECT_EQ(load.parameters, Elements(26 * (kAttention + kFeedForward)));
  EXPECT_EQ(load.base, "google/gemma-2-9b-it");
  EXPECT_EQ(load.rank, 16);
}

TEST(AnAdapter, AdaptsTheLayersThatItNames) {
  const Json one = with(adapter({"q_proj"}), {{"layers_to_transform", 41}});
  EXPECT_EQ(parameters(one, "gemma-2-9b"), 16 * (3'584 + 4'096));
  EXPECT_EQ(problem(with(one, {{"layers_to_transform", 42}}), "gemma-2-9b"),
            "layer 42 of 42 is adapted");
}

// Phi-4 has the projections of 40 query and 2 x 10 key/value heads of 128 in one module of 5,120.
TEST(AnAdapter, TakesAModuleOfSeveralMatricesForOne) {
  EXPECT_EQ(parameters(adapter({"qkv_proj"}), "phi-4"), 40 * 16 * (5'120 + 60 * 128));
}

// GPT-2 is 768 wide and calls two modules c_proj: of 768 x 768 and of 768 x 3,072.
TEST(AnAdapter, TakesEveryModuleThatATargetNames) {
  EXPECT_EQ(parameters(adapter({"c_attn", "c_proj"}), "gpt2"),
            12 * 16 * ((768 + 3 * 768) + (768 + 768) + (768 + 3'072)));
  EXPECT_EQ(parameters(adapter({"mlp.c_proj"}), "gpt2"), 12 * 16 * (768 + 3'072));
}

TEST(AnAdapter, MayHoldMagnitudesAndWholeModules) {
  const Json magnitudes = with(adapter({"q_proj"}), {{"use_dora", true}});
  EXPECT_EQ(parameters(magnitudes, "gemma-2-9b"), 42 * (16 * (3'584 + 4'096) + 4'096));
  const Json whole = with(adapter({"q_proj"}), {{"modules_to_save", {"embed_tokens"}}});
  EXPECT_EQ(parameters(whole, "gemma-2-9b"), 42 * 16 * (3'584 + 4'096) + 256'000LL * 3'584);
}

TEST(AnAdapter, IsRefusedWhereItsModulesAreNotKnown) {
  EXPECT_EQ(problem(adapter({"Wqkv"}), "gemma-2-9b"), "no module 'Wqkv' of this model is known");
  EXPECT_THAT(problem(adapter({"gate_proj"}), "qwen3-30b-a3b"), HasSubstr("experts"));
  EXPECT_THAT(problem(adapter("all-linear"), "gemma-2-9b"), HasSubstr("is an expression"));
  EXPECT_THAT(problem(adapter({"o_proj"}), "kimi-linear-48b-a3b"), HasSubstr("is not known"));
  EXPECT_EQ(problem(adapter({"q_proj", "qkv_proj"}), "phi-4"),
            "'self_attn.q_proj' and 'self_attn.qkv_proj' are adapted, and which of them this model "
            "has is not known");
  const Json query = adapter({"q_proj"});
  for (const Json& change : {Json{{"rank_pattern", {{"q_proj", 8}}}}, Json{{"peft_type", "IA3"}},
                             Json{{"bias", "all"}}, Json{{"lora_magic", 1}}}) {
    EXPECT_THAT(problem(with(query, change), "gemma-2-9b"), HasSubstr(change.begin().key()));
  }
}

}  // namespace
}  // namespace llmarch
