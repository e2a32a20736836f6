// Files from outside: written by fine-tuning tools, by converters, by older and newer libraries, or
// with fields left out. Totals are those of the classes of transformers, built without storage.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <map>

#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "sim/huggingface/hf_config.h"

namespace llmarch {
namespace {

using testing::Contains;
using testing::HasSubstr;

ConfigLoad load_case(const std::string& name) {
  std::ifstream file(LLMARCH_CASES "/" + name + ".json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return load_hf_config(text, name);
}

Parameters parameters_of(const std::string& name) {
  const ConfigLoad load = load_case(name);
  if (!load.spec) throw std::runtime_error(name + ": " + load.problems.at(0).message);
  return predict_parameters(lower(*load.spec));
}

std::string problem_of(const std::string& name) {
  const ConfigLoad load = load_case(name);
  return load.problems.empty() ? "" : load.problems.front().message;
}

TEST(AConfigFromOutside, HasTheParametersOfItsClass) {
  const std::map<std::string, std::int64_t> totals{
      {"gemma2-2b-unsloth-version", 2'614'341'888},
      {"gemma2-9b-sliding-window-size", 9'241'705'984},
      {"gpt2-medium", 354'823'168},
      {"llama2-without-rope-theta", 6'738'415'616},
      {"llama31-8b-bnb-8bit", 8'030'261'248},
      {"llama32-1b-unsloth-fixed", 1'235'814'400},
      {"llama4-scout-fp8-compressed-tensors", 107'769'861'120},
      {"mistral-7b-v03-written-in-full", 7'248'023'552},
      {"mistral3-with-ministral3-text", 23'572'403'200},
      // 54 Mamba-2 blocks, 54 feed-forwards of 2 x 8,192 x 32,768 and 10 attentions, two tables
      {"nemotron-h-with-Infinity", 56'324'350'464},
      {"qwen3-14b-mlx-4bit", 14'768'307'200},
      {"qwen3-coder-480b", 480'154'875'392},
      {"qwen3-embedding-8b", 8'188'515'328},
      {"smollm2-360m", 361'821'120},
      {"gemma-3-4b-it-as-published", 3'880'263'168},
      {"../../spec/configs/jamba-v0.1", 51'570'323'328},
      {"../../spec/configs/mamba2-2.7b", 2'702'599'680},
      {"../../spec/configs/longcat-flash",
       560'664'958'976 + 28 * 768},  // with the corrections of its routers
      {"../../spec/configs/deepseek-v4-flash", 284'332'230'231 + 40 * 256},
      {"../../spec/configs/deepseek-v4-pro", 1'572'997'179'491 + 58 * 384},
      // without the attention residual of the first layer, which nothing reads
      {"../../spec/configs/kimi-k3", 2'779'484'393'568 + 92 * 896 - 2 * 7168},
      {"saved-by-transformers-5.16-gemma2", 2'614'341'888},
      {"saved-by-transformers-5.16-llama4_text", 107'769'861'120}};
  for (const auto& [name, total] : totals) {
    EXPECT_EQ(parameters_of(name).total, Elements(total)) << name;
  }
  EXPECT_EQ(parameters_of("qwen3-coder-480b").active.all, Elements(35'474'765'312));
  EXPECT_EQ(parameters_of("../../spec/configs/jamba-v0.1").active.all, Elements(12'110'311'296));
  EXPECT_EQ(parameters_of("../../spec/configs/longcat-flash").active.all, Elements(32'182'676'480));
  EXPECT_EQ(parameters_of("../../spec/configs/deepseek-v4-flash").active.all,
            Elements(13'799'632'471));
  EXPECT_EQ(parameters_of("../../spec/configs/deepseek-v4-pro").active.all,
            Elements(49'779'081'059));
  EXPECT_EQ(parameters_of("../../spec/configs/kimi-k3").active.all,
            Elements(105'364'017'760 - 2 * 7168));
}

TEST(AConfigFromOutside, OfOneThatTheLibrarySavedSaysTheSameAsTheOlderForm) {
  for (const char* name : {"deepseek_v2", "gemma3_text", "qwen3_moe"}) {
    EXPECT_EQ(problem_of(std::string("saved-by-transformers-5.16-") + name), "") << name;
  }
}

TEST(AConfigFromOutside, SaysWhatItPassesOver) {
  EXPECT_THAT(load_case("llama32-1b-unsloth-fixed").passed_over, Contains("unsloth_fixed"));
  EXPECT_THAT(load_case("gemma2-9b-sliding-window-size").passed_over,
              Contains("sliding_window_size"));
  EXPECT_THAT(load_case("qwen3-coder-480b").passed_over, Contains("use_qk_norm"));
}

// 16 heads of the class's 128, and not of hidden / heads = 64: 1024 x (16 + 2 x 4 + 16) x 64 more
// elements in each of 8 layers.
TEST(AConfigFromOutside, HasTheHeadDimOfItsClass) {
  const ConfigLoad load = load_case("llama4-head-dim-default");
  ASSERT_TRUE(load.spec);
  EXPECT_EQ(std::get<GroupedAttention>(load.spec->attention.at(0).value).head_dim, 128);
  EXPECT_THAT(load.filled, Contains("head_dim = 128 (this model type's default)"));
}

TEST(AConfigFromOutside, IsUntiedWhereTheConfigAroundItSaysSo) {
  const ConfigLoad load = load_case("gemma3-outer-untied-inner-tied");
  ASSERT_TRUE(load.spec);
  EXPECT_EQ(load.spec->head, Head::separate);
  EXPECT_THAT(load.notes, Contains(HasSubstr("the former holds")));
}

TEST(AConfigFromOutside, IsRefusedForANullThatItsClassCannotUse) {
  EXPECT_THAT(problem_of("gemma3-null-window"), HasSubstr("'sliding_window' states none"));
  EXPECT_THAT(problem_of("llama4-null-chunk"), HasSubstr("'attention_chunk_size'"));
}

TEST(AFileFromOutside, IsRecognisedWhereItDescribesNoModel) {
  EXPECT_THAT(problem_of("lora-adapter-config"), HasSubstr("'google/gemma-2-9b-it', and no model"));
  EXPECT_THAT(problem_of("eagle3-draft-of-llama3-8b"), HasSubstr("is a draft model"));
}

}  // namespace
}  // namespace llmarch
