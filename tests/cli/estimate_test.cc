// Estimates, skews and mixes of requests as a user asks for them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(AnEstimate, StandsBesideTheFloorWithItsSpread) {
  const Json json = json_of("compare llama-3.1-8b --on h100-sxm --batch 8");
  for (const char* step : {"decode", "prefill"}) {
    const Json& there = json["models"][0]["on_hardware"][step];
    const double median = there["estimated_seconds"];
    EXPECT_GT(median, there["floor_seconds"].get<double>());
    EXPECT_LT(there["estimated_seconds_p10"].get<double>(), median);
    EXPECT_GT(there["estimated_seconds_p90"].get<double>(), median);
    EXPECT_EQ(there["unmeasured_seconds"], 0);
  }
}

TEST(AnEstimate, IsShownWhereItIsAskedFor) {
  const std::string command = "compare llama-3.1-8b --on h100-pcie --only decode";
  EXPECT_THAT(run_llmarch(command).output, Not(HasSubstr("median")));
  const Seen seen = run_llmarch(command + " --estimate");
  EXPECT_THAT(seen.output, HasSubstr("decode step on h100-pcie, median"));
  EXPECT_THAT(seen.output, HasSubstr("h100-pcie: measured on h100-sxm"));
}

TEST(AnEstimate, SaysWhereNothingWasMeasured) {
  const Seen machine = run_llmarch("compare llama-3.1-8b --on mi300x --estimate --only decode");
  EXPECT_EQ(machine.status, 0);
  EXPECT_THAT(machine.output, HasSubstr("nothing measured"));
  EXPECT_THAT(machine.output, HasSubstr("mi300x: nothing was measured on it."));
  const Seen format =
      run_llmarch("compare llama-3.1-8b --on l40s --weights q4_k_m --estimate --only decode");
  EXPECT_THAT(format.output, HasSubstr("nothing was measured of product in q4_k"));
  const Seen several = run_llmarch("compare llama-3.1-8b --on 8xh100 --estimate --only decode");
  EXPECT_THAT(several.output, HasSubstr("8xh100-sxm: estimates are of one device."));
}

TEST(AnEstimate, NeedsHardware) {
  const Seen seen = run_llmarch("compare llama-3.1-8b --estimate");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("an estimate needs hardware"));
}

TEST(AQuantityOfAnEstimate, IsSweptAndEvaluatedOrRefused) {
  EXPECT_EQ(run_llmarch("sweep gpt2 --on l40s --show estimated_time,prefill_estimated_time").status,
            0);
  const Seen swept = run_llmarch("sweep gpt2 --on mi300x --show estimated_time");
  EXPECT_EQ(swept.status, 2);
  EXPECT_THAT(swept.errors, HasSubstr("estimated_time: nothing was measured on mi300x"));
  const Seen evaluated = run_llmarch("eval 'estimated_time(gpt2, on = mi300x)'");
  EXPECT_EQ(evaluated.status, 2);
  EXPECT_THAT(evaluated.errors, HasSubstr("nothing was measured on mi300x"));
}

double decode_seconds(const Json& json, const char* which) {
  return json["models"][0]["on_hardware"]["decode"][which];
}

TEST(ASkew, LiesBetweenTheFewestExpertsAndUniformRouting) {
  const Json json = json_of("compare gpt-oss-120b --on h100-sxm --batch 32 --skew 1.2");
  EXPECT_LT(decode_seconds(json, "floor_seconds"), decode_seconds(json, "skewed_floor_seconds"));
  EXPECT_LT(decode_seconds(json, "skewed_floor_seconds"),
            decode_seconds(json, "uniform_floor_seconds"));
  const Seen seen = run_llmarch("compare gpt-oss-120b --on h100-sxm --batch 32 --skew 1.2");
  EXPECT_THAT(seen.output, HasSubstr("expected of a power law of 1.2 on h100-sxm"));
}

TEST(ASkew, NeedsHardware) {
  const Seen seen = run_llmarch("compare gpt-oss-120b --skew 1.2");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("a skew needs hardware"));
}

// Even loads are uniform routing.
TEST(ASkew, IsReadFromAFileOfLoads) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "loads.txt").string();
  std::string even;
  for (int i = 0; i < 128; ++i) even += "3 ";
  write_file(file, even);
  const Json json = json_of("compare gpt-oss-120b --on h100-sxm --batch 32 --skew " + file);
  EXPECT_NEAR(
      decode_seconds(json, "skewed_floor_seconds") / decode_seconds(json, "uniform_floor_seconds"),
      1, 1e-6);
  write_file(file, "1 2 3");
  const Seen few = run_llmarch("compare gpt-oss-120b --on h100-sxm --skew " + file);
  EXPECT_EQ(few.status, 2);
  EXPECT_THAT(few.errors, HasSubstr("loads of 3 experts for 128"));
  write_file(file, "1 two");
  EXPECT_THAT(run_llmarch("compare gpt-oss-120b --on h100-sxm --skew " + file).errors,
              HasSubstr("'two' is no load"));
}

TEST(AMixOfRequests, IsEstimatedAtTheMeanAndTheWorstContext) {
  const std::string command = "mix llama-3.1-8b --on h100-sxm -n 64 --prompt 4k --generate 500";
  const Json json = json_of(command + " --engine vllm");
  const Json& mix = json["models"][0];
  EXPECT_EQ(mix["mean"]["context"], 4'096 + 250);
  EXPECT_EQ(mix["worst"]["context"], 4'096 + 500);
  EXPECT_GT(mix["mean"]["estimate"]["median_seconds"].get<double>(),
            mix["mean"]["floor_seconds"].get<double>());
  EXPECT_GT(mix["first_token"]["estimate"]["median_seconds"].get<double>(),
            mix["first_token"]["floor_seconds"].get<double>());
  const Seen seen = run_llmarch(command);
  EXPECT_THAT(seen.output, HasSubstr("time to the first token"));
  EXPECT_THAT(seen.output, HasSubstr("No engine"));
}

// Llama 3.1 70B in bf16 takes 141 GB.
TEST(AMixOfRequests, IsRefusedWhereTheModelDoesNotFit) {
  const Seen seen = run_llmarch("mix llama-3.1-70b --on h100-sxm");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("llama-3.1-70b does not fit into h100-sxm"));
  EXPECT_EQ(run_llmarch("mix llama-3.1-8b --engine none-such").status, 2);
  EXPECT_EQ(run_llmarch("mix llama-3.1-8b --on 8xh100").status, 2);
}

}  // namespace
}  // namespace llmarch::testing
