// --parallel as a user sees it: what a rank holds and sends, and what is refused.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// 36 layers with 8 key/value heads of 128 in two bytes, of which each of 4 ranks has 2; all-reduces
// of 4,096 elements twice a layer and once for the embedding, and the gathered quarters of 151,936
// logits.
TEST(CompareOnRanks, SaysWhatARankHoldsAndSends) {
  const Json ranks = json_of(
      "compare qwen3-8b --on 4xh100-sxm --parallel tp=4 --weights bf16")["models"][0]["on_hardware"]
                                                                        ["ranks"];
  EXPECT_EQ(ranks["kv_bytes_per_token"], 36 * 2 * 2 * 128 * 2);
  const std::int64_t all_reduce = 2 * 3 * 4096 / 4 * 2;
  EXPECT_EQ(ranks["decode"]["sent_bytes"], (36 * 2 + 1) * all_reduce + 3 * 151'936 / 4 * 2);
  EXPECT_EQ(ranks["stages"][0]["decode_exchanges"][1]["operation"],
            "all-reduce of attention output");
  const Seen table =
      run_llmarch("compare qwen3-8b --on 4xh100-sxm --parallel tp=4 --weights bf16 --only ranks");
  EXPECT_THAT(table.output, HasSubstr("KV cache per token, of a rank"));
  EXPECT_THAT(table.output, HasSubstr("36 KiB"));
}

// 33,439,744 parameters in two bytes, whole on each rank.
TEST(CompareOnRanks, CountsAnAdapterInTheMemoryOfARank) {
  const Json ranks =
      json_of("compare gemma-2-9b+adapter=" LLMARCH_CASES
              "/lora-adapter-config.json --on 2xh100-sxm --parallel tp=2")["models"][0]
                                                                          ["on_hardware"]["ranks"];
  EXPECT_EQ(ranks["beside_bytes"], 2 * 33'439'744);
}

// Two stages: the second receives what the first has made, and each waits half of a step.
TEST(CompareOnRanks, ShowsTheBubbleOfAPipeline) {
  const Json ranks = json_of(
      "compare qwen3-8b --on 2xh100-sxm --parallel pp=2 --weights bf16")["models"][0]["on_hardware"]
                                                                        ["ranks"];
  EXPECT_EQ(ranks["stages"].size(), 2U);
  EXPECT_EQ(ranks["bubble"], 0.5);
}

// The file of the M4 Max states no link between several.
TEST(CompareOnRanks, StatesNoRateWhereNothingIsKnownOfTheLink) {
  const Seen table = run_llmarch("compare gpt2 --on 2xm4-max --parallel tp=2 --only ranks");
  EXPECT_THAT(table.output, HasSubstr("a step, at least                    not stated"));
  EXPECT_THAT(table.output, HasSubstr("tokens per second, at most          not stated"));
  const Json best = json_of("fit gpt2 --on 2xm4-max --parallel best")["deployments"][0];
  EXPECT_TRUE(best["decode_seconds"].is_null());
  EXPECT_TRUE(best["tokens_per_second"].is_null());
}

TEST(SweepOnRanks, ShowsFiguresOfRanksForSeveralDeployments) {
  const Seen seen = run_llmarch(
      "sweep qwen3-8b --on 8xh100-sxm --parallel 'tp=8;pp=8' --context 1k,2k --format csv");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("rank_kv_bytes"));
  EXPECT_THAT(seen.output, HasSubstr("pp=8"));
}

// 64 layers, of whose 8 key/value heads of 128 in two bytes each of four ranks has 2.
TEST(FitOnRanks, FindsTheContextOfTheFullestRank) {
  const Json fit =
      json_of("fit qwen3-32b --on 4xh100-sxm --parallel tp=4 --weights bf16 --batch 1");
  const Json& found = fit["models"][0]["largest_context"][0];
  EXPECT_EQ(found["kv_bytes"], found["found"].get<std::int64_t>() * 64 * 2 * 2 * 128 * 2);
}

// What is left over is the engine's, each part of which is told with its rule.
TEST(FitOnRanks, LeavesRoomForAnEngineOnEachDevice) {
  const std::string fit = "fit qwen3-32b --on 4xh100-sxm --parallel tp=4 --weights bf16 --batch 1";
  for (const char* engine : {"vllm", "sglang", "llama.cpp"}) {
    const Json found = json_of(fit + " --engine " + engine)["models"][0]["largest_context"][0];
    std::int64_t sum = 0;
    for (const Json& each : found["engine"]) {
      EXPECT_NE(each["rule"], "");
      sum += each["bytes"].get<std::int64_t>();
    }
    EXPECT_EQ(sum, found["engine_bytes"]) << engine;
    EXPECT_GT(sum, 0) << engine;
    EXPECT_LT(found["room_for"], json_of(fit)["models"][0]["largest_context"][0]["room_for"])
        << engine;
  }
  EXPECT_THAT(run_llmarch(fit + " --reserve 4GiB").output,
              HasSubstr("--reserve, divided among 4 ranks"));
}

// Each rank has 2 of 8 heads, of 128 in two bytes, in 64 layers: 65,536 bytes of a token.
TEST(FitOnRanks, TakesTheMemoryThatEachDeviceSetsAsideForItsCache) {
  const std::string fit = "fit qwen3-32b --on 4xh100-sxm --parallel tp=4 --batch 1 --kv-memory ";
  const Json json = json_of(fit + "2GiB");
  EXPECT_EQ(json["models"][0]["largest_context"][0]["room_for"], 32'768);
  const Seen seen = run_llmarch(fit + "4x2GiB");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("--kv-memory is what each device sets aside"));
}

// Llama 3.1 405B as it was first published in fp8: with 16 key/value heads, feed-forwards in 8 bits
// but for those of the first and the last layer, attention in 16. vLLM 0.5.3 said of it on eight
// H100s (issue 6746 of its repository): 57.7520 GiB of weights on each, and a cache of 79,392
// tokens where it is started for 131,072. Its weights have a table of 131,072 rotations of 128 in
// two bytes besides; and it takes such a prompt in pieces of 512, which leaves more for the cache
// than one of 32,768.
TEST(FitOnRanks, IsNearWhatAnEngineSaidOf405BOnEightDevices) {
  Json config = Json::parse(read_file(LLMARCH_PROJECT "/tests/spec/configs/llama-3.1-405b.json"));
  config["num_key_value_heads"] = 16;
  config["quantization_config"] = {
      {"quant_method", "fbgemm_fp8"},
      {"modules_to_not_convert", {"lm_head", "self_attn", "model.layers.0", "model.layers.125"}}};
  const TemporaryFolder folder;
  write_file(folder.file("config.json"), config.dump());
  const Json fit = json_of("fit " + folder.file("config.json") +
                           " --on 8xh100-sxm --parallel tp=8 --engine vllm --batch 1");
  const Json& found = fit["models"][0]["largest_context"][0];
  EXPECT_NEAR((found["weight_bytes"].get<double>() + 131'072 * 128 * 2) / (1LL << 30), 57.752,
              0.005);
  EXPECT_GT(found["room_for"], 60'000);
  EXPECT_LE(found["room_for"], 79'392);
}

// The operations of the first rank: a quarter of the queries, and what it sends of their sum.
TEST(ShowOnRanks, ListsTheOperationsOfARankWithItsExchanges) {
  const Json shown =
      json_of("show qwen3-8b --ops decode --on 4xh100-sxm --parallel tp=4 --weights bf16");
  const auto row = [&](const std::string& operation) -> Json {
    for (const Json& each : shown["operations"]) {
      if (each["operation"] == operation) return each;
    }
    ADD_FAILURE() << "no operation '" << operation << "'";
    return Json::object();
  };
  EXPECT_EQ(row("query projection")["matrix_flops"], 36LL * 2 * 4096 * 4096 / 4);
  EXPECT_EQ(row("all-reduce of attention output")["sent_bytes"], 36 * 2 * 3 * 4096 / 4 * 2);
  EXPECT_EQ(row("all-reduce of attention output")["rounds"], 36 * 6);
  EXPECT_EQ(run_llmarch("show qwen3-8b --parallel tp=4").status, 2);
}

TEST(VerifyOnRanks, AgreesWithTheReferenceAndCountsWhatIsSent) {
  const std::string folder = LLMARCH_PROJECT "/tests/golden/vectors/qwen3_moe";
  const Seen seen = run_llmarch("verify " + folder + " --parallel tp=2,ep=2");
  EXPECT_EQ(seen.status, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("elements sent between ranks"));
  EXPECT_EQ(run_llmarch("verify " + folder + " --parallel tp=2 --kernels fast").status, 2);
}

void refused(const std::string& command, const std::string& reason) {
  const Seen seen = run_llmarch(command);
  EXPECT_EQ(seen.status, 2) << command;
  EXPECT_THAT(seen.errors, HasSubstr(reason)) << command;
}

TEST(TheBestDeployment, RefusesOptionsThatItDoesNotFollow) {
  const std::string best = "fit qwen3-32b --on 8xh100-sxm --parallel best";
  for (const char* memory : {" --memory 80GiB", " --kv-memory 8GiB"}) {
    refused(best + memory, "fit needs a memory: one of --memory, --on and --kv-memory");
  }
  refused("fit qwen3-32b --on 8xh100-sxm --aim throughput", "add --parallel best");
}

TEST(TheBestDeployment, SaysWhatAnEngineTakesOfARank) {
  const std::string best = "fit qwen3-32b --on 8xh100-sxm --parallel best --engine vllm";
  const Json first = json_of(best)["deployments"][0];
  EXPECT_GT(first["engine_bytes"], 8LL << 30);  // a tenth of 80 GiB is one part of it
  const Seen seen = run_llmarch(best);
  EXPECT_THAT(seen.output, HasSubstr("engine on a rank"));
  EXPECT_THAT(seen.output, HasSubstr("gpu_memory_utilization = 0.9"));
}

// 70.6 billion parameters in two bytes: all of them on each of eight devices of 80 GiB.
TEST(CompareOnRanks, SaysWhetherARankFitsItsOwnDevice) {
  const std::string compare = "compare llama-3.1-70b --on 8xh100-sxm --batch 8 --weights bf16";
  const Json on = json_of(compare + " --parallel dp=8")["models"][0]["on_hardware"];
  EXPECT_EQ(on["fits"], false);
  EXPECT_EQ(on["ranks"]["fits"], false);
  EXPECT_EQ(json_of(compare)["models"][0]["on_hardware"]["fits"], true);
  EXPECT_THAT(run_llmarch(compare + " --parallel dp=8").output, Not(HasSubstr("fits in 640 GiB")));
}

// Between even loads and all of them on one of four ranks.
TEST(CompareOnRanks, SaysHowUnevenExpertsAreUnderASkew) {
  const std::string compare = "compare gpt-oss-120b --on 4xh100-sxm --parallel ep=4 --batch 4";
  const Json on = json_of(compare + " --skew 1")["models"][0]["on_hardware"];
  EXPECT_GT(on["ranks"]["expert_imbalance"], 1);
  EXPECT_LE(on["ranks"]["expert_imbalance"], 4);
  const Json even = json_of(compare + " --skew 0")["models"][0]["on_hardware"];
  EXPECT_DOUBLE_EQ(even["ranks"]["expert_imbalance"], 1);
  const double uniform = even["ranks"]["decode"]["uniform_floor_seconds"];
  EXPECT_NEAR(even["ranks"]["busiest_decode_seconds"], uniform, 1e-6 * uniform);
  EXPECT_GT(on["ranks"]["busiest_decode_seconds"], uniform);
  EXPECT_FALSE(json_of(compare)["models"][0]["on_hardware"]["ranks"].contains("expert_imbalance"));
  EXPECT_THAT(run_llmarch(compare + " --skew 1").output,
              HasSubstr("experts of the busiest rank, under a power law of 1"));
}

// GPT-2 has 12 heads.
TEST(ARankingOnRanks, NamesTheModelsThatDoNotDivide) {
  const std::string fit = " --on 8xh100-sxm --parallel tp=8 --rank";
  const Json json = json_of("fit gpt2 llama-3.1-8b qwen3-8b" + fit);
  ASSERT_EQ(json["models"].size(), 2U);
  EXPECT_EQ(json["models"][0]["name"], "qwen3-8b");
  ASSERT_EQ(json["undivided"].size(), 1U);
  EXPECT_EQ(json["undivided"][0]["name"], "gpt2");
  EXPECT_THAT(json["undivided"][0]["why"], HasSubstr("12 parts do not divide among 8 ranks"));
  EXPECT_THAT(run_llmarch("fit gpt2 qwen3-8b" + fit).output,
              HasSubstr("Models that do not divide so"));
  refused("fit gpt2" + fit, "12 parts do not divide among 8 ranks");
}

TEST(CompareOnRanks, SaysWhatRanksOfOneContextDivide) {
  const Seen seen = run_llmarch("compare qwen3-8b --on 4xh100-sxm --parallel cp=4 --only ranks");
  EXPECT_THAT(seen.output, HasSubstr("each rank of cp has every 4th one"));
  refused("compare deepseek-v3.2 --on 2xh100-sxm --parallel cp=2",
          "keys that an index chooses are not divided among ranks of cp");
}

TEST(CompareOnRanks, RefusesTheirPartWithoutADeployment) {
  refused("compare gpt2 --on 8xh100-sxm --only ranks", "ranks need a deployment");
}

TEST(ADeployment, IsRefusedWithWhatItDoesNotFit) {
  refused("compare gpt2 --parallel tp=2",
          "--parallel divides a model among the devices of a machine");
  refused("compare gpt2 --on 2xh100-sxm --parallel tp=4",
          "'tp=4' is 4 ranks, and 2xh100-sxm has 2 devices");
  refused("compare gpt2 --on 2xh100-sxm --parallel zp=2",
          "'zp' is no way to divide a model: tp, ep, pp, dp or cp for --parallel");
  refused("compare gpt2 --on 2xh100-sxm --parallel dp=2",
          "1 sequences do not divide among the 2 ranks of dp");
  // GPT-2 has 12 heads.
  refused("compare gpt2 --on 8xh100-sxm --parallel tp=8",
          "llmarch: error: 'block', query projection: 12 parts do not divide among 8 ranks (tp=8)\n"
          "      = the ways that divide a model: llmarch fit MODEL");
  refused("compare gpt2 --on 16xrtx-4090 --parallel pp=16", "12 layers do not make 16 stages");
}

}  // namespace
}  // namespace llmarch::testing
