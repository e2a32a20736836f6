// --parallel as a user sees it: what a rank holds and sends, and what is refused.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
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
  EXPECT_EQ(run_llmarch("fit qwen3-32b --on 4xh100-sxm --parallel tp=4 --engine vllm").status, 2);
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
  for (const char* taken : {" --engine vllm", " --reserve 1GiB"}) {
    refused(best + taken, "what an engine or a reserve takes of each rank is not known");
  }
  refused("fit qwen3-32b --on 8xh100-sxm --aim throughput", "add --parallel best");
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
          "'zp' is no way to divide a model: tp, ep, pp or dp for --parallel");
  refused("compare gpt2 --on 2xh100-sxm --parallel dp=2",
          "1 sequences do not divide among the 2 ranks of dp");
  // GPT-2 has 12 heads.
  refused("compare gpt2 --on 8xh100-sxm --parallel tp=8", "do not divide among 8 ranks (tp=8)");
  refused("compare gpt2 --on 16xrtx-4090 --parallel pp=16", "12 layers do not make 16 stages");
}

}  // namespace
}  // namespace llmarch::testing
