// Machines as a user names them: aliases, parts of names, systems of several devices.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

Json compared_on(const std::string& machines) {
  return json_of("compare llama-3.1-8b --on " + machines);
}

std::string name_of(const std::string& typed) {
  return compared_on(typed)["hardware"]["name"];
}

TEST(AMachine, IsFoundByWhatPeopleCallIt) {
  EXPECT_EQ(name_of("4090"), "rtx-4090");
  EXPECT_EQ(name_of("H100"), "h100-sxm");
  EXPECT_EQ(name_of("spark"), "dgx-spark");
  EXPECT_EQ(name_of("8xh100"), "8xh100-sxm");
  EXPECT_EQ(name_of("rtx-4060-ti"), "rtx-4060-ti-16gb");
}

// 8 x 80 GiB, 8 x 3.35 TB/s and 8 x 989.4 TFLOP/s.
TEST(ASystem, HasTheMemoryAndTheRatesOfAllItsDevices) {
  const Json hardware = compared_on("8xh100-sxm")["hardware"];
  EXPECT_EQ(hardware["name"], "8xh100-sxm");
  EXPECT_EQ(hardware["memory_bytes"], 687'194'767'360);
  EXPECT_EQ(hardware["bytes_per_second"], 8 * 3.35e12);
  EXPECT_EQ(hardware["flops_per_second"], 8 * 989.4e12);
  EXPECT_EQ(compared_on("2x8xh100-sxm")["hardware"]["memory_bytes"], 2 * 687'194'767'360);
}

TEST(ASystem, MayHaveANameOfItsOwn) {
  EXPECT_EQ(compared_on("gb200-nvl72")["hardware"]["memory_bytes"], 72 * 199'715'979'264);
}

TEST(ASystem, IsRefusedWhereItsLinkJoinsFewerDevices) {
  const Seen seen = run_llmarch("compare llama-3.1-8b --on 9xh100-sxm");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("--on 9xh100-sxm: a link joins at most 8 devices"));
}

// A figure by itself takes the machine from --on.
TEST(ASystem, IsThatOfAnExpressionThatNamesNone) {
  const Seen seen = run_llmarch("eval 'memory_time(gpt2)' --on 8xh100-sxm");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  const Seen alone = run_llmarch("eval 'memory_time(gpt2)' --on h100-sxm");
  const Seen named = run_llmarch("eval 'memory_time(gpt2, on = h100-sxm)'");
  const auto figure = [](const Seen& one) { return one.output.substr(one.output.rfind("  ")); };
  EXPECT_EQ(figure(alone), figure(named));
  EXPECT_NE(figure(seen), figure(alone));
  EXPECT_EQ(run_llmarch("eval 'memory_time(gpt2)'").status, 2);
}

// 16,060,522,496 bytes of weights, of which all but the input table's 1,050,673,152 are read, and
// 1,073,741,824 of the cache at 8k, over 273e9 and 546e9 bytes a second.
TEST(SeveralMachines, StandSideBySide) {
  const Json json = compared_on("m4-pro,m4-max");
  EXPECT_FALSE(json.contains("hardware"));
  ASSERT_EQ(json["machines"].size(), 2);
  const auto memory_seconds = [&](std::size_t machine) -> double {
    return json["machines"][machine]["models"][0]["on_hardware"]["decode"]["memory_seconds"];
  };
  EXPECT_DOUBLE_EQ(memory_seconds(0), 2 * memory_seconds(1));
  const Seen seen = run_llmarch("compare llama-3.1-8b --only decode --on m4-pro,m4-max");
  EXPECT_THAT(seen.output, HasSubstr("floor on m4-pro"));
  EXPECT_THAT(seen.output, HasSubstr("m4-max: tokens per second, at most"));
}

TEST(AMachine, WhoseMakersStateNoPeakSaysSo) {
  const Seen seen = run_llmarch("compare llama-3.1-8b --only decode --on m4-pro");
  EXPECT_THAT(seen.output, HasSubstr("m4-pro (Apple M4 Pro, 64 GB): no peak and 273 B bytes/s"));
  EXPECT_FALSE(compared_on("m4-pro")["hardware"].contains("flops_per_second"));
}

TEST(AFit, IntoASystemIsIntoAllItsDevices) {
  const Seen seen = run_llmarch("fit llama-3.1-405b --on 8xh100-sxm --weights fp8");
  EXPECT_THAT(seen.output, HasSubstr("What fits into 8xh100-sxm: 8 × 80 GiB\n"));
}

TEST(TheHardwareFormat, IsDescribed) {
  const Seen seen = run_llmarch("help hardware-format");
  EXPECT_EQ(seen.status, 0);
  for (const char* key : {"`flops_per_second`", "`latency_seconds`", "`devices`", "`aliases`"}) {
    EXPECT_THAT(seen.output, HasSubstr(key));
  }
}

}  // namespace
}  // namespace llmarch::testing
