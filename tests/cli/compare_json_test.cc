// The stable JSON of a comparison, with figures that a reader can redo by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using Json = nlohmann::json;

Json compare_json(const std::string& arguments) {
  const Seen seen = run_llmarch("compare " + arguments + " --format json");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_EQ(seen.errors, "");
  return Json::parse(seen.output);
}

TEST(CompareJson, SaysWhatWasAsked) {
  const Json json = compare_json("gpt2 --context 1k --batch 3 --weights int8 --kv fp8");
  EXPECT_EQ(json["workload"],
            Json({{"context", 1024}, {"batch", 3}, {"weights", "int8"}, {"kv", "fp8"}}));
}

// Qwen3-Next has 36 layers of gated DeltaNet, each with 32 states of 128 x 128 in f32. A prompt of
// 130 tokens reads and writes them 130 times, or in the 3 chunks of 64, 64 and 2.
TEST(CompareJson, ReadsStatesOnceInAChunkWhereAPrefillRunsByChunks) {
  const auto prefill = [](const std::string& form) {
    const Json json = compare_json("qwen3-next-80b-a3b --prompt 130" + form);
    return json["models"][0]["prefill"]["kv_bytes_read"].get<std::int64_t>();
  };
  const std::int64_t states = std::int64_t{36} * 32 * 128 * 128 * 4;
  EXPECT_EQ(prefill("") - prefill(" --recurrence chunk"), (130 - 3) * states);
  EXPECT_EQ(prefill(""), prefill(" --recurrence step"));
}

TEST(CompareJson, HasEveryDocumentedField) {
  const Json model = compare_json("deepseek-v3")["models"][0];
  EXPECT_EQ(model["name"], "deepseek-v3");
  EXPECT_EQ(model["parameters"]["total"], 671026419200);
  EXPECT_EQ(model["parameters"]["active"]["all"], 37552297472);
  EXPECT_EQ(model["parameters"]["active"]["without_input_embedding"], 36625618432);
  EXPECT_EQ(model["parameters"]["active"]["without_embeddings"], 36625618432 - 129280 * 7168);
  EXPECT_EQ(model["weight_bytes"], 2 * 671026419200);
  EXPECT_EQ(model["kv_cache"]["bytes_per_token"], 2 * (512 + 64) * 61);
  EXPECT_EQ(model["kv_cache"]["bytes"], 2 * (512 + 64) * 61 * std::int64_t{8192});
  EXPECT_EQ(model["published"]["active"], 37000000000);
  for (const char* step : {"decode", "prefill"}) {
    EXPECT_EQ(model[step]["flops"], model[step]["matrix_flops"].get<std::int64_t>() +
                                        model[step]["other_flops"].get<std::int64_t>());
    EXPECT_EQ(model[step]["bytes"], model[step]["weight_bytes_read"].get<std::int64_t>() +
                                        model[step]["kv_bytes_read"].get<std::int64_t>() +
                                        model[step]["kv_bytes_written"].get<std::int64_t>());
  }
}

// DeepSeek-V3's prediction layer has 11,610,068,224 parameters in bf16 and keeps a latent of 512
// and 64 rotated elements; its makers see 85 to 90 % of second tokens accepted (arXiv 2412.19437,
// section 5.4.3), so that a step yields up to 1.9 tokens.
TEST(CompareJson, SaysWhatATokenCostsWithDrafts) {
  const Json model =
      compare_json("deepseek-v3 --draft 1 --accepted 0.9 --on h100-sxm")["models"][0];
  EXPECT_EQ(model["beside"]["bytes"], 2 * 11'610'068'224);
  EXPECT_EQ(model["beside"]["prediction_kv_bytes_per_token"], 2 * (512 + 64));
  const Json& drafted = model["drafted_decode"];
  EXPECT_EQ(drafted["tokens_per_step"], 1.9);
  EXPECT_EQ(drafted["flops_per_token"], std::llround(drafted["step"]["flops"].get<double>() / 1.9));
  EXPECT_EQ(drafted["bytes_per_token"], std::llround(drafted["step"]["bytes"].get<double>() / 1.9));
  EXPECT_EQ(drafted["tokens_per_second"], 1.9 / drafted["floor_seconds"].get<double>());
  EXPECT_FALSE(compare_json("deepseek-v3")["models"][0].contains("drafted_decode"));
}

TEST(CompareJson, HasComponentsThatAddUpToTheTotal) {
  const Json json = compare_json("gpt2 llama-3.1-8b qwen3-235b-a22b deepseek-v3 kimi-k2");
  ASSERT_EQ(json["models"].size(), 5U);
  for (const Json& model : json["models"]) {
    std::int64_t sum = 0;
    for (const auto& [name, elements] : model["parameters"]["components"].items()) {
      sum += elements.get<std::int64_t>();
    }
    EXPECT_EQ(sum, model["parameters"]["total"]) << model["name"];
  }
}

// Llama 3.2 1B at a context of 10: one token multiplies every matrix, and its 32 heads of width 64
// attend to 10 keys in 16 layers, twice (scores and values), 2 FLOPs each.
TEST(CompareJson, CountsMatrixFlopsOfDecodeAsTwoForEachMultiplyAdd) {
  const Json model = compare_json("llama-3.2-1b --context 10")["models"][0];
  const std::int64_t norms = (2 * 16 + 1) * 2048;
  const std::int64_t matrices = 1235814400 - norms;
  const std::int64_t attention = 16 * 2 * 2 * 10 * 32 * 64;
  EXPECT_EQ(model["decode"]["matrix_flops"], 2 * matrices + attention);
}

// The head runs for the last token only; the other tokens multiply every matrix but the (tied)
// table.
TEST(CompareJson, CountsMatrixFlopsOfPrefillOverTheWholeTriangle) {
  const Json model = compare_json("llama-3.2-1b --context 10 --batch 3")["models"][0];
  const std::int64_t table = 128256 * 2048;
  const std::int64_t layers = 1235814400 - table - (2 * 16 + 1) * 2048;
  const std::int64_t pairs = 10 * 11 / 2;
  const std::int64_t attention = 16 * 2 * 2 * pairs * 32 * 64;
  EXPECT_EQ(model["prefill"]["matrix_flops"], 3 * (2 * layers * 10 + 2 * table + attention));
}

TEST(CompareJson, TakesTheWidthsOfWeightsAndCache) {
  const Json wide = compare_json("qwen3-0.6b --weights f32 --kv f32")["models"][0];
  const Json narrow = compare_json("qwen3-0.6b --weights int4 --kv int8")["models"][0];
  EXPECT_EQ(wide["weight_bytes"], 4 * 596049920LL);
  EXPECT_EQ(narrow["weight_bytes"], 596049920LL / 2);
  EXPECT_EQ(wide["kv_cache"]["bytes_per_token"], 4 * 2 * 8 * 128 * 28);
  EXPECT_EQ(narrow["kv_cache"]["bytes_per_token"], 2 * 8 * 128 * 28);
}

// One token reads the weights of the experts that it chose; a batch reads those of the expected
// number of distinct ones, and never more than there are.
TEST(CompareJson, ReadsTheExpectedNumberOfDistinctExperts) {
  const auto weights_read = [](const std::string& batch) {
    return compare_json("qwen3-30b-a3b --batch " +
                        batch)["models"][0]["decode"]["weight_bytes_read"]
        .get<std::int64_t>();
  };
  const std::int64_t active = 3353032704;
  const std::int64_t table = 151936LL * 2048;
  EXPECT_EQ(weights_read("1"), 2 * (active - table + 2048));
  EXPECT_LT(weights_read("2"), 2 * weights_read("1"));
  EXPECT_LE(weights_read("100k"), 2 * 30532122624LL + 2 * 102400LL * 2048);
}

}  // namespace
}  // namespace llmarch::testing
