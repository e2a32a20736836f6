// --place and --host as a user sees them: what lies in each memory, what bounds, what is refused.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string on_both() {
  return " --on rtx-4090 --host ryzen-9950x@128GB";
}

// 36 layers of 128 experts, each three matrices of 2,880 x 2,880 in mxfp4, 17 bytes of 32 elements,
// and three biases in 16 bits. A token chooses 4.
constexpr std::int64_t kExpert = 3 * 2'880 * 2'880 / 32 * 17 + 3 * 2'880 * 2;

TEST(CompareInTwoMemories, AnswersWhatFitsAndWhatBounds) {
  const std::string command =
      "compare gpt-oss-120b --weights mxfp4 --place experts=host" + on_both();
  const Json on = json_of(command)["models"][0]["on_hardware"];
  EXPECT_TRUE(on["fits"]);
  EXPECT_EQ(on["host"]["memory_bytes"], 128'000'000'000);
  EXPECT_EQ(on["host"]["weight_bytes"], 36 * 128 * kExpert);
  const Json& step = on["decode"]["placed"];
  EXPECT_EQ(step["host_bytes"], 36 * 4 * kExpert);
  EXPECT_DOUBLE_EQ(step["host_seconds"], 36 * 4 * kExpert / 89.6e9);
  EXPECT_EQ(step["slower"], "host");
  EXPECT_DOUBLE_EQ(on["decode"]["floor_seconds"], step["host_seconds"]);
  const Seen seen = run_llmarch(command + " --only memory,decode");
  for (const char* said :
       {"placed experts=host, host AMD Ryzen 9 9950X, 128GB fitted", "floor: the slower of both",
        "one after the other", "bandwidth of ryzen-9950x@128GB", "fits in 24 GiB of rtx-4090"}) {
    EXPECT_THAT(seen.output, HasSubstr(said));
  }
}

TEST(FitInTwoMemories, NamesTheMemoryThatRunsOut) {
  const Json small = json_of(
      "fit gpt-oss-120b --weights mxfp4 --place experts=host --batch 1 --on rtx-4090 "
      "--host ryzen-9950x@64GB")["models"][0]["largest_context"][0];
  EXPECT_EQ(small["bound_by"], "its makers");
  const Json none = json_of(
      "fit gpt-oss-120b --weights mxfp4 --place experts=host --batch 1 --on rtx-4090 "
      "--host ryzen-9950x@48GB")["models"][0]["largest_context"][0];
  EXPECT_EQ(none["bound_by"], "host memory");
  EXPECT_EQ(none["short_for_one_more_bytes"],
            none["host"]["needed_bytes"].get<std::int64_t>() - 48'000'000'000);
  const Json layers = json_of(
      "fit gpt-oss-120b --weights mxfp4 --place layers=18..=host --memory 24GiB "
      "--host ryzen-9950x@128GB")["models"][0]["largest_context"][0];
  EXPECT_EQ(layers["bound_by"], "memory");
}

TEST(SweepInTwoMemories, HasALineForEachPlacement) {
  const Seen seen = run_llmarch(
      "sweep gpt-oss-20b --context 1k,2k --format csv --place 'experts=host;layers=12..=host'" +
      on_both());
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("device_memory,host_memory,floor_time,in_turn_time"));
  EXPECT_THAT(seen.output, HasSubstr("layers=12..=host,ryzen-9950x@128GB"));
}

TEST(ShowInTwoMemories, SaysWhatLiesInEach) {
  const Json placed =
      json_of("show gpt-oss-120b --weights mxfp4 --place experts=..17=host")["placed"];
  EXPECT_EQ(placed["host"]["weight_bytes"], 18 * 128 * kExpert);
  EXPECT_EQ(placed["host"]["decode_weight_bytes"], 18 * 4 * kExpert);
  EXPECT_EQ(placed["host"]["kv_bytes"], 0);
  EXPECT_THAT(run_llmarch("show gpt-oss-120b --place experts=host").output,
              HasSubstr("In two memories: experts=host"));
}

// The same figure, asked for by an expression.
TEST(AnExpression, MayPlaceExpertsInAHost) {
  const std::string call =
      "host_time(gpt-oss-120b, on = rtx-4090, place = \"experts=host\", host = ryzen-9950x, "
      "weights = mxfp4)";
  const Json value = json_of("eval '" + call + "'")["figures"][0]["value"];
  EXPECT_DOUBLE_EQ(value, 36 * 4 * kExpert / 89.6e9);
}

// The host of a board that has both is known, and its link is: NVLink-C2C.
TEST(ABoardWithItsHost, NeedsNoneNamed) {
  const Json by_host = json_of(
      "compare gpt-oss-120b --weights mxfp4 --on gb200 --place "
      "experts=host")["models"][0]["on_hardware"]["decode"]["placed"];
  const Json by_device = json_of(
      "compare gpt-oss-120b --weights mxfp4 --on gb200 --place "
      "experts=host,by=device")["models"][0]["on_hardware"]["decode"]["placed"];
  EXPECT_DOUBLE_EQ(by_host["host_seconds"], 36 * 4 * kExpert / 512e9);
  EXPECT_DOUBLE_EQ(by_device["host_seconds"], 36 * 4 * kExpert / 450e9);
}

TEST(AMachine, MayHaveTheMemoryThatIsFitted) {
  const auto memory = [](const std::string& machine) {
    return json_of("compare gpt2 --on " + machine)["hardware"]["memory_bytes"];
  };
  EXPECT_EQ(memory("m4-max@64GiB"), std::int64_t{64} << 30);
  EXPECT_EQ(memory("2xepyc-9575f@768GB"), 2 * 768'000'000'000);
  EXPECT_THAT(run_llmarch("compare gpt2 --on m4-max@lots").errors,
              HasSubstr("'lots' for --on is not a number of bytes"));
}

TEST(APlacement, IsRefusedWithItsRemedy) {
  const auto refused = [](const std::string& command) {
    const Seen seen = run_llmarch(command);
    EXPECT_EQ(seen.status, 2) << command;
    return seen.errors;
  };
  const std::string compare = "compare gpt-oss-120b ";
  EXPECT_THAT(refused(compare + "--place experts=host"), HasSubstr("a placement needs hardware"));
  EXPECT_THAT(refused(compare + "--on rtx-4090 --place experts=host"),
              HasSubstr("no host is named\n      = add --host ryzen-9950x@128GB"));
  EXPECT_THAT(refused(compare + on_both()), HasSubstr("= add --place experts=host"));
  EXPECT_THAT(refused(compare + "--place heads=host" + on_both()),
              HasSubstr("'heads=host' places nothing in a host's memory for --place"));
  EXPECT_THAT(refused("compare qwen3-8b --place experts=host" + on_both()),
              HasSubstr("it has no routed experts"));
  EXPECT_THAT(refused("compare gpt-oss-120b --on 2xrtx-4090 --parallel tp=2 --place experts=host "
                      "--host ryzen-9950x"),
              HasSubstr("leave out 'place' or 'parallel'"));
  EXPECT_THAT(
      refused("compare deepseek-v3 --draft 1 --accepted 0.9 --place experts=host" + on_both()),
      HasSubstr("leave out 'place' or 'draft'"));
  EXPECT_THAT(refused("fit gpt-oss-120b --memory 24GiB --place experts=host"),
              HasSubstr("no host is named"));
  EXPECT_THAT(refused("compare gpt-oss-120b --on dgx-spark --host grace --place "
                      "experts=host,by=device"),
              HasSubstr("states no link to a host"));
}

}  // namespace
}  // namespace llmarch::testing
