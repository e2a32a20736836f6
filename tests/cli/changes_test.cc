// What-ifs: models with changes, and the figures of expressions, as a user sees them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

void expect_refused(const std::string& command, const std::string& errors) {
  const Seen seen = run_llmarch(command);
  EXPECT_EQ(seen.status, 2) << seen.output;
  EXPECT_EQ(seen.errors, errors) << command;
}

// Keys and values of 16 heads of 128 in two bytes, in the 52 local layers of Gemma 3 27B: half of a
// window of 1,024 less.
TEST(AChange, IsOfAKeyOfTheSpecAndShownBesideTheModel) {
  const Json models = json_of("compare gemma-3-27b --set attention.local.window=512")["models"];
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[1]["name"], "gemma-3-27b+attention.local.window=512");
  EXPECT_EQ(models[0]["kv_cache"]["bytes"].get<std::int64_t>() -
                models[1]["kv_cache"]["bytes"].get<std::int64_t>(),
            std::int64_t{52} * 512 * 2 * 16 * 128 * 2);
  EXPECT_EQ(models[1]["parameters"], models[0]["parameters"]);
}

std::int64_t total(const std::string& model) {
  return json_of("compare '" + model + "'")["models"][0]["parameters"]["total"];
}

// Llama 3.1 8B: 32 layers of width 4,096, 8 heads of 128 for keys and as many for values. Qwen3
// 30B: 48 layers of 128 experts, three matrices of 768 by 2,048 and a row of the router each.
TEST(AChange, MayBeOneOfTheUsualOnes) {
  EXPECT_EQ(total("llama-3.1-8b") - total("llama-3.1-8b+gqa=2"), 32LL * 2 * 6 * 128 * 4096);
  EXPECT_EQ(total("llama-3.1-8b") - total("llama-3.1-8b+layers=31"),
            4096LL * (2 * 4096 + 2 * 1024) + 3LL * 4096 * 14336 + 2 * 4096);
  EXPECT_EQ(total("qwen3-30b-a3b") - total("qwen3-30b-a3b+experts=64:4"),
            48LL * 64 * (3 * 768 * 2048 + 2048));
  const Json models = json_of("compare llama-3.1-8b+window=1k --context 8k")["models"];
  EXPECT_EQ(models[0]["kv_cache"]["bytes"], 32LL * 2 * 8 * 128 * 2 * 1024);
}

TEST(Changes, MayBeSeveralAndOfAFile) {
  EXPECT_EQ(total("llama-3.1-8b+gqa=2+layers=31"), total("llama-3.1-8b+layers=31+gqa=2"));
  EXPECT_EQ(total(LLMARCH_PROJECT "/arch_specs/models/llama-3.1-8b.toml+gqa=2"),
            total("llama-3.1-8b+gqa=2"));
}

TEST(AChange, IsCheckedAsASpecIs) {
  expect_refused("show gemma-3-27b+attention.lokal.window=512",
                 "llmarch: error: gemma-3-27b+attention.lokal.window=512: the model has no table "
                 "'lokal'\n"
                 "      = did you mean 'local'?\n");
  expect_refused("show llama-3.1-8b+gqa=3",
                 "llmarch: error: llama-3.1-8b+gqa=3: 3 kv_heads do not divide 32 query_heads\n"
                 "      = each key/value head serves the same number of query heads\n");
  EXPECT_THAT(run_llmarch("show gpt2+attention.mha.windw=512").errors,
              HasSubstr("did you mean 'window'?"));
  EXPECT_THAT(run_llmarch("show gpt2+gqa=many").errors,
              HasSubstr("'many' in 'gqa=many' is not a whole number"));
  EXPECT_THAT(run_llmarch("show gpt2+large").errors, HasSubstr("'large' is no change of a model"));
  EXPECT_THAT(run_llmarch("show gpt2+").errors, HasSubstr("gpt2+: '' is no change of a model"));
  EXPECT_THAT(run_llmarch("show llama-3.1-8b+gqa=2+").errors,
              HasSubstr("'' is no change of a model"));
  EXPECT_THAT(run_llmarch("show gpt3+gqa=2").errors, HasSubstr("unknown model 'gpt3'"));
  EXPECT_THAT(run_llmarch("show gpt2+experts=4").errors,
              HasSubstr("the model has no feed_forward of the kind 'mixture'"));
}

// At 32k: 10 global layers with all, 52 with 1,024 of 32,768, beside all 62.
TEST(Eval, SaysWhatAnExpressionComesTo) {
  const Json json = json_of(
      "eval 'window: kv_bytes(gemma-3-27b) / kv_bytes(gemma-3-27b+attention.local.window=)' "
      "'layers(gpt2) + 1' --context 32k --explain");
  const Json figures = json["figures"];
  EXPECT_EQ(json["workload"]["context"], 32'768);
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[0]["expression"], "window");
  EXPECT_DOUBLE_EQ(figures[0]["value"], (10.0 * 32'768 + 52 * 1'024) / (62 * 32'768));
  ASSERT_EQ(figures[0]["parts"].size(), 2U);
  EXPECT_EQ(figures[0]["parts"][0]["expression"], "kv_bytes(gemma-3-27b)");
  EXPECT_EQ(figures[0]["parts"][0]["value"], (10LL * 32'768 + 52 * 1'024) * 2 * 16 * 128 * 2);
  EXPECT_EQ(figures[0]["parts"][0]["unit"], "bytes");
  EXPECT_EQ(figures[1]["value"], 13);
}

// Each of the 12 layers of GPT-2 keeps a key and a value of 768 in two bytes for 100 positions.
TEST(Eval, ExplainsAFigureDownToItsLayers) {
  const Json json = json_of("eval 'kv_bytes(gpt2)' 'kv_bytes(gpt2) / 2' --context 100 --explain");
  const Json of_figure = json["figures"][0]["parts"];
  ASSERT_EQ(of_figure.size(), 1U);
  EXPECT_EQ(of_figure[0]["expression"], "block: 12 layers x 300 KiB");
  EXPECT_EQ(of_figure[0]["value"], 12 * 100 * 2 * 768 * 2);
  EXPECT_EQ(of_figure[0]["unit"], "bytes");
  EXPECT_EQ(json["figures"][1]["parts"][0]["parts"], of_figure);
}

// Llama 3.1 8B, in each of 32 layers: 512 + 64 elements of cache in two bytes, and attention of
// 4,096 x 32 x 192 for queries, 4,096 x 576 down and 512 x 32 x 256 up, and 4,096 x 4,096 out.
TEST(Changes, PutALatentInThePlaceOfKeysAndValues) {
  const Json model = json_of("compare llama-3.1-8b+mla=512")["models"][0];
  EXPECT_EQ(model["kv_cache"]["bytes_per_token"], 32 * (512 + 64) * 2);
  EXPECT_EQ(model["parameters"]["components"]["attention"],
            32LL * (4'096 * 32 * 192 + 4'096 * 576 + 512 * 32 * 256 + 4'096 * 4'096));
  EXPECT_EQ(run_llmarch("show gpt2+mla=512").errors, "") << "its positions are learned";
}

TEST(Changes, TakeOutAllWindowsAtOnce) {
  EXPECT_EQ(
      json_of("compare gemma-3-27b+window=")["models"][0]["kv_cache"]["bytes"],
      json_of("compare gemma-3-27b+attention.local.window=")["models"][0]["kv_cache"]["bytes"]);
}

// 24 of Llama 3.1 8B's 32 layers keep 1,024 positions and every fourth keeps all of 32,768; each
// position is 2 x 8 x 128 elements of two bytes. The whole pattern is one segment of four.
TEST(Changes, LayWindowsOverLayersAtADistance) {
  const Json model = json_of("compare llama-3.1-8b+window=1k:3 --context 32k")["models"][0];
  EXPECT_EQ(model["kv_cache"]["bytes"], (24 * 1'024LL + 8 * 32'768) * 2 * 8 * 128 * 2);
  EXPECT_EQ(json_of("compare gemma-3-27b+window=1k:5 --context 32k")["models"][0]["kv_cache"],
            json_of("compare gemma-3-27b --context 32k")["models"][0]["kv_cache"]);
  EXPECT_THAT(run_llmarch("show llama-3.1-8b+window=1k:3").output,
              HasSubstr("Layers: 8 x (3 block_window, block)"));
  EXPECT_THAT(run_llmarch("show deepseek-v3+window=1k:3").errors,
              HasSubstr("the model has no attention of the kind 'grouped'"));
  EXPECT_THAT(run_llmarch("show gpt2+window=1k:0").errors,
              HasSubstr("'0' in 'window=1k:0' is not a whole number above 0"));
}

// The file adapts all seven matrices of 26 of the 42 layers; it is memory, and no work.
TEST(Changes, PutAnAdapterBesideTheWeights) {
  const std::string adapted = "gemma-2-9b+adapter=" LLMARCH_CASES "/lora-adapter-config.json";
  const Json models = json_of("compare gemma-2-9b " + adapted)["models"];
  EXPECT_EQ(models[1]["beside"]["parameters"]["adapter"], 33'439'744);
  EXPECT_EQ(models[1]["decode"], models[0]["decode"]);
  EXPECT_THAT(run_llmarch("show " + adapted).output, HasSubstr("an adapter of rank 16"));
  const std::string twice = adapted + adapted.substr(adapted.find('+'));
  EXPECT_EQ(json_of("compare " + twice)["models"][0]["beside"]["parameters"]["adapter"],
            2 * 33'439'744);
}

// A config of 8-bit weights stays one when a window is laid over its layers.
TEST(Changes, LeaveTheWayInWhichAModelIsStored) {
  const std::string config = LLMARCH_CASES "/llama31-8b-bnb-8bit.json";
  const auto bytes = [&](const std::string& model) {
    return json_of("compare " + model)["models"][0]["weight_bytes"];
  };
  EXPECT_EQ(bytes(config + "+window=1k"), bytes(config));
}

TEST(Eval, PutsTheCaretUnderWhatIsWrong) {
  expect_refused("eval 'kv_bytes(gtp2) / 2'",
                 "expression:1:10: error: unknown model 'gtp2'\n"
                 "    1 | kv_bytes(gtp2) / 2\n"
                 "      |          ^\n"
                 "      = did you mean 'gpt2'?\n");
  expect_refused("eval '1 / kv_latent_dim(gpt2)'",
                 "expression:1:3: error: division by zero at context 8192\n"
                 "    1 | 1 / kv_latent_dim(gpt2)\n"
                 "      |   ^\n"
                 "      = divide by a figure that is never 0\n");
}

}  // namespace
}  // namespace llmarch::testing
