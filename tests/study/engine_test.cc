// What engines take, held against what they have said themselves.
#include "sim/study/engine.h"

#include <gtest/gtest.h>

#include "sim/study/fit.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

constexpr std::int64_t kGibi = std::int64_t{1} << 30;

Model model_called(const std::string& name) {
  return make_model(model_spec(name), {});
}

Bytes addition_of(const Footprint& needed, std::string_view what) {
  for (const Addition& each : needed.engine) {
    if (each.what == what) return each.bytes;
  }
  return {};
}

Footprint needed_for(const std::string& model, const Setting& setting, const Room& room) {
  return footprint(model_called(model), setting, room);
}

// vLLM 0.6.4 on an RTX 3090, started for 20,000 tokens and for 29,000 (issue 10517 of its
// repository): peaks of 17.06 and 17.98 GiB above weights of 14.99, in two decimals.
TEST(Vllm, HasThePeakOfAPrefillThatItsLogShows) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  const auto peak = [&](std::int64_t context) {
    const Footprint needed = needed_for("llama-3.1-8b", {.context = context}, room);
    return addition_of(needed, "prefill").amount().as_double() / kGibi;
  };
  EXPECT_NEAR(peak(20'000), 17.06 - 14.99, 0.015);
  EXPECT_NEAR(peak(29'000), 17.98 - 14.99, 0.015);
}

// The same log: 31,232 tokens of cache when started for 20,000, 23,648 when started for 29,000; so
// the longest that it starts for lies between.
TEST(Vllm, StartsForAContextBetweenTheTwoOfItsLog) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  const Fit fit = largest_context(model_called("llama-3.1-8b"), {}, room);
  EXPECT_GT(fit.found, 23'648);
  EXPECT_LT(fit.found, 31'232);
}

TEST(DeepSeekV3, InFp8DoesNotFitIntoEightMemoriesOf80Gibi) {
  const Room room{.each = Bytes(80 * kGibi), .devices = 8, .engine = Engine::vllm};
  const Setting setting{.weights = DType::fp8};
  EXPECT_EQ(largest_context(model_called("deepseek-v3"), setting, room).limit, Limit::not_at_all);
}

// A page of 16 tokens: 15 more than the one that is asked for, of 131,072 bytes each.
TEST(Vllm, KeepsCachesInPagesOf16Tokens) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  EXPECT_EQ(addition_of(needed_for("llama-3.1-8b", {.context = 17}, room), "pages"),
            Bytes(15 * 131'072));
}

// 512 + 1.5 x 8,192 + 2 x 256 + 128 MiB.
TEST(Sglang, KeepsWhatItsHeuristicSaysOfAnH100) {
  const Room room{.each = Bytes(80 * kGibi), .engine = Engine::sglang};
  EXPECT_EQ(addition_of(needed_for("llama-3.1-8b", {}, room), "kept"),
            Bytes((512 + 12'288 + 512 + 128) * (kGibi / 1'024)));
}

// 512 rows of 128,256 logits and of 4,096 of the residual stream, in f32: the 258.50 MiB of its
// log.
TEST(LlamaCpp, HasTheComputeBufferOfItsLog) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::llama_cpp};
  const Footprint needed = needed_for("llama-3.1-8b", {}, room);
  EXPECT_EQ(addition_of(needed, "compute buffer"), Bytes(512 * (128'256 + 4'096) * 4));
}

// Mistral's window of 4,096 and a chunk of 512 more, in each of 32 layers of 2 x 8 heads x 128.
TEST(LlamaCpp, KeepsAChunkMoreThanAWindow) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::llama_cpp};
  const Footprint needed = needed_for("mistral-7b-v0.1", {.context = 16'384}, room);
  EXPECT_EQ(addition_of(needed, "cells"), Bytes(512 * 32 * 2 * 8 * 128 * 2));
}

TEST(AnEngine, LeavesRoomForWhatIsFoundAndNotForOneMore) {
  for (const Engine engine : {Engine::vllm, Engine::sglang, Engine::llama_cpp}) {
    for (const char* name : {"llama-3.1-8b", "gemma-2-9b"}) {
      const Model model = model_called(name);
      const Room room{.each = Bytes(24 * kGibi), .engine = engine, .reserve = Bytes(kGibi)};
      const Fit fit = largest_context(model, {}, room);
      if (fit.limit != Limit::memory) continue;
      EXPECT_LE(fit.footprint.total(), room.memory());
      EXPECT_GT(fit.one_more->total(), room.memory());
    }
  }
}

// 8 GiB over the 131,072 bytes of a token.
TEST(ACacheMemory, HoldsTheCacheAlone) {
  const Room room{.each = Bytes(8 * kGibi), .held = Held::caches};
  const Fit fit = largest_context(model_called("llama-3.1-8b"), {}, room);
  EXPECT_EQ(fit.room, 65'536);
}

}  // namespace
}  // namespace llmarch
