// measure at full size as a user sees it: what is refused, and what is reported for a small model.
// No timed figure is checked.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/cli/arguments.h"
#include "sim/cli/errors.h"
#include "sim/cli/run/run_context.h"
#include "tests/support/json_output.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::string kTiny = "'" LLMARCH_PROJECT "/tests/golden/vectors/qwen3_moe'";
const std::string kSmall = " --context 9 --prompt 8";
const std::string kOnce = " --repeat 1";

Json measured(const std::string& arguments) {
  return json_of("measure " + kTiny + kSmall + " " + arguments);
}

TEST(MeasureJson, HasEveryDocumentedField) {
  const Json json = measured("--threads 1" + kOnce);
  EXPECT_EQ(json["model"], "qwen3_moe");
  EXPECT_EQ(json["weights"], "bf16");
  EXPECT_EQ(json["kv"], "bf16");
  EXPECT_EQ(json["threads"], 1);
  EXPECT_EQ(json["context"], 9);
  EXPECT_EQ(json["prompt"], 8);
  for (const char* key : {"layers", "of_layers", "experts", "of_experts"}) {
    EXPECT_TRUE(json["held"][key].is_number_integer()) << key;
  }
  EXPECT_TRUE(json["probe"]["read_bandwidth"].is_number());
  for (const char* key : {"f32", "bf16", "int8"}) {
    EXPECT_TRUE(json["probe"]["peak_flops"][key].is_number()) << key;
  }
  for (const char* phase : {"decode", "prefill"}) {
    for (const char* key : {"median", "min", "max"}) {
      EXPECT_TRUE(json[phase]["tokens_per_second"][key].is_number()) << phase << key;
    }
    for (const char* key : {"share_of_bandwidth", "share_of_peak", "floor_seconds"}) {
      EXPECT_TRUE(json[phase][key].is_number()) << phase << key;
    }
  }
}

TEST(MeasureJson, HasPredictedAndCountedToTheUnit) {
  const Json json = measured(kOnce);
  for (const char* key :
       {"parameters", "active_parameters", "kv_bytes", "decode_flops", "prefill_flops"}) {
    EXPECT_TRUE(json["predicted"][key].is_number_integer()) << key;
    EXPECT_EQ(json["predicted"][key], json["counted"][key]) << key;
  }
  EXPECT_EQ(json["exact"], true);
  EXPECT_EQ(json["partial"], false);
}

TEST(MeasureJson, TakesFormatsBatchAndRepeats) {
  const Json json = measured("--weights f32 --batch 2 --repeat 3");
  EXPECT_EQ(json["weights"], "f32");
  EXPECT_EQ(json["kv"], "f32");
  EXPECT_EQ(json["batch"], 2);
  EXPECT_EQ(json["decode"]["repeats"], 3);
  EXPECT_EQ(json["exact"], true);
}

TEST(MeasureTable, SetsThreeFiguresSideBySide) {
  const Seen seen = run_llmarch("measure " + kTiny + kSmall + kOnce);
  EXPECT_EQ(seen.status, 0) << seen.errors;
  for (const char* said :
       {"predicted", "counted", "timed", "exact",
        "Verdict: predicted and counted are equal, to the unit", "expected", "tokens per second"}) {
    EXPECT_NE(seen.output.find(said), std::string::npos) << said << "\n" << seen.output;
  }
}

TEST(Measure, RunsACheckpointsWeights) {
  const Seen seen = run_llmarch("measure --checkpoint " + kTiny + kSmall + kOnce);
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("the weights of"), std::string::npos) << seen.output;
}

TEST(Measure, RefusesACheckpointOfAnotherModel) {
  const Seen seen = run_llmarch(
      "measure '" LLMARCH_PROJECT "/tests/golden/vectors/qwen3' --checkpoint " + kTiny + kSmall);
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("tensor"), std::string::npos) << seen.errors;
}

TEST(Measure, RefusesWhatDoesNotFitAndSaysWhatWould) {
  const Seen seen = run_llmarch("measure llama-3.1-8b --context 1M --memory 4GiB");
  EXPECT_EQ(seen.status, 3);
  EXPECT_EQ(seen.output, "");
  for (const char* said : {"takes at least", "4 GiB may be used (--memory)", "1 of 32 layers held",
                           "what would fit: --context"}) {
    EXPECT_NE(seen.errors.find(said), std::string::npos) << said << "\n" << seen.errors;
  }
}

TEST(Measure, RefusesFormatsThatHaveNoKernels) {
  const Seen seen = run_llmarch("measure gpt2 --weights int4");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("there are no kernels for --weights int4"), std::string::npos);
}

TEST(Measure, RefusesCachesThatHaveNoKernels) {
  const Seen seen = run_llmarch("measure gpt2 --kv k=q8_0,v=q4_0");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("--kv: there are no kernels for caches in q4_0"), std::string::npos)
      << seen.errors;
}

TEST(Measure, RefusesMoreThreadsThanThereAre) {
  const Seen seen = run_llmarch("measure gpt2 --threads 4096");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("--threads 4096"), std::string::npos) << seen.errors;
}

TEST(Measure, RefusesPositionsBeyondALearnedTable) {
  const Seen seen = run_llmarch("measure gpt2 --context 1025");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("learned positions up to 1024"), std::string::npos) << seen.errors;
}

TEST(Measure, RefusesFullSizeOptionsOnAScaledRun) {
  const Seen seen = run_llmarch("measure gpt2 --scaled --threads 1");
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.errors.find("--threads has no meaning with --scaled"), std::string::npos);
}

TEST(Measure, EndsAtOnceWhenItIsInterruptedAndLeavesNoHalfReport) {
  const TemporaryFolder folder;
  const std::string file = folder.file("report.json");
  const Seen seen = run_shell("cd '" + folder.path().string() + "' && timeout --signal INT 1 '" +
                              LLMARCH_PROGRAM "' measure gpt2 --repeat 1000000 -o '" + file +
                              "'; echo status $?; ls");
  EXPECT_NE(seen.errors.find("interrupted"), std::string::npos) << seen.errors;
  EXPECT_EQ(seen.output.find(".part"), std::string::npos) << seen.output;
}

}  // namespace
}  // namespace llmarch::testing

namespace llmarch::cli {
namespace {

TEST(Memory, MayBeWrittenInBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_bytes("memory", "24GiB"), Bytes(std::int64_t{24} << 30));
  EXPECT_EQ(parse_bytes("memory", "1.5KiB"), Bytes(1536));
  EXPECT_EQ(parse_bytes("memory", "500MB"), Bytes(500'000'000));
  EXPECT_EQ(parse_bytes("memory", "4096"), Bytes(4096));
  for (const char* text : {"24GiB", "24G", "24g", "24gib", "24 GiB"}) {
    EXPECT_EQ(parse_bytes("memory", text), Bytes(std::int64_t{24} << 30)) << text;
  }
  for (const char* text : {"24GB", "24gb"}) {
    EXPECT_EQ(parse_bytes("memory", text), Bytes(24'000'000'000)) << text;
  }
}

TEST(Memory, OutOfBoundsOrNotAnAmountIsRefused) {
  for (const char* text :
       {"", "GiB", "0", "-1GiB", "24Gi", "24Gbit", "24 Q", "inf", "nan", "2000000TiB", "0.1"}) {
    EXPECT_THROW(parse_bytes("memory", text), UsageError) << "'" << text << "'";
  }
}

TEST(Memories, OfOneSizeMayBeMultiplied) {
  const Memories eight = parse_memories("memory", "8x80GiB");
  EXPECT_EQ(eight.count, 8);
  EXPECT_EQ(eight.each, Bytes(std::int64_t{80} << 30));
  EXPECT_EQ(parse_memories("memory", "24GB").count, 1);
  for (const char* text : {"x80GiB", "8x", "0x80GiB", "8x8x80GiB", "-8x80GiB"}) {
    EXPECT_THROW(parse_memories("memory", text), UsageError) << "'" << text << "'";
  }
}

TEST(MachineWarnings, AreNoneOnAMachineThatIsOurs) {
  EXPECT_TRUE(machine_warnings(0.1, {0.01, 0.0}).empty());
  EXPECT_TRUE(machine_warnings(std::nullopt, {}).empty());
}

TEST(MachineWarnings, NameWhoTookProcessorTime) {
  EXPECT_EQ(machine_warnings(1.5, {}).at(0),
            "1.5 processes were running on average before the run");
  EXPECT_EQ(machine_warnings(0.0, {0.25, 0.0}).at(0),
            "other processes took 25.0 % of this machine's processor time during the run");
  EXPECT_EQ(machine_warnings(0.0, {0.0, 0.1}).at(0),
            "other virtual machines took 10.0 % of this machine's processor time during the run");
}

}  // namespace
}  // namespace llmarch::cli
