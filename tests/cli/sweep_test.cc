// `sweep`: its tables, its notes, and which sweeps are too large.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

std::string shown(const std::string& arguments) {
  const Seen seen = run_llmarch("sweep " + arguments);
  EXPECT_EQ(seen.status, 0) << arguments;
  EXPECT_EQ(seen.errors, "") << arguments;
  return seen.output;
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no\n" << part << "\nin\n" << text;
}

// 2 x 8 heads x 64 x 2 bytes x 16 layers: 32 KiB a token, 256 MiB at 8k.
TEST(Sweep, PutsBatchesBesideEachOther) {
  expect_part(shown("llama-3.2-1b --context 8k --batch 1,16 --show kv_bytes"),
              "context  batch 1  batch 16\n"
              "──────────────────────────\n"
              "     8k  256 MiB     4 GiB\n");
}

TEST(Sweep, PutsQuantitiesOfOneModelBesideEachOther) {
  const std::string text = shown("llama-3.2-1b --context 1k,2k --show kv_bytes,kv_bytes_per_token");
  expect_part(text, "32 MiB");
  expect_part(text, "64 MiB");
  expect_part(text, "The same at every context");  // 32 KiB a token
  expect_part(text, "32 KiB");
}

TEST(Sweep, SaysWhereContextsAreMoreThanTheMakersAllow) {
  expect_part(shown("llama-3.2-1b --context 128k,256k --show kv_bytes"),
              "- llama-3.2-1b: contexts beyond 131,072 are more than its makers allow.\n");
}

TEST(Sweep, SaysThatChunksBeginAnew) {
  expect_part(shown("llama-4-scout --context 8k,16k --show kv_bytes"),
              "chunk begins anew after every multiple of 8,192");
}

TEST(Sweep, ShowsSomeOfVeryManyContextsAndSaysSo) {
  expect_part(shown("gpt2 --context 1..1000:+1 --show kv_bytes"),
              "- 48 of 1,000 contexts are shown; -o FILE.csv or FILE.json has all of them.\n");
}

TEST(Sweep, SaysNothingOfCrossoversAtOneContext) {
  const std::string models = "llama-3.2-1b qwen3-0.6b --show kv_bytes --context ";
  expect_part(shown(models + "1k,8k"), "- Crossovers are exact");
  EXPECT_EQ(shown(models + "1k").find("Crossovers"), std::string::npos);
}

// What has turns is bounded (errors_test.cc); CSV is not: a heading, and 10,001 batches at one
// context.
TEST(Sweep, WritesAnyNumberOfLinesAsCsv) {
  const std::string csv =
      shown("gpt2 --context 1k --batch 1..10001:+1 --show kv_bytes --format csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 10'001);
}

// A chart of a billion lengths looks at some 240 of them: to walk along all of them takes a minute.
TEST(Sweep, OfABillionContextsAnswersAtOnce) {
  const Seen seen = run_shell("ulimit -t 5; '" LLMARCH_PROGRAM
                              "' sweep gpt2 llama-3.1-8b --show kv_bytes --context 1..1G:+1");
  EXPECT_EQ(seen.status, 0) << seen.errors;
  EXPECT_NE(seen.output.find("48 of 1,073,741,824 contexts"), std::string::npos);
}

}  // namespace
}  // namespace llmarch::testing
