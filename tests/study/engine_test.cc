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

// Each of three sequences has a page of its own to fill up.
TEST(Vllm, KeepsThePagesOfEverySequence) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  EXPECT_EQ(addition_of(needed_for("llama-3.1-8b", {.context = 17, .batch = 3}, room), "pages"),
            Bytes(3 * 15 * 131'072));
}

// A prompt of 40,000 tokens goes through in pieces of 32,768. The widths of gate, up and their
// product are divided between two memories that are taken for one; the three streams of 4,096 are
// on both.
TEST(Vllm, TakesWhatEachDeviceTakesOfSeveral) {
  const Room room{.each = Bytes(24 * kGibi), .devices = 2, .engine = Engine::vllm};
  const Footprint needed = needed_for("llama-3.1-8b", {.context = 40'000}, room);
  EXPECT_EQ(addition_of(needed, "prefill"), Bytes(32'768LL * 2 * (3 * 14'336 + 2 * 3 * 4'096)));
  EXPECT_EQ(addition_of(needed, "unused"), Bytes(2 * (24 * kGibi / 10)));
  EXPECT_EQ(addition_of(needed, "runtime"), Bytes(2 * (kGibi * 35 / 100)));
}

// 512 + 1.5 x chunk + 2 x graph + 128 x devices MiB on each device, by the memory of one: below 20,
// 35 and 60 GiB, and for fewer than four devices or for four and more.
TEST(Sglang, ChoosesByTheMemoryOfADeviceAndTheirNumber) {
  struct Kept {
    std::int64_t gibi, devices, mebi;
  };
  for (const auto& [gibi, devices, mebi] :
       {Kept{19, 1, 512 + 3'072 + 2 * 8 + 128}, Kept{20, 1, 512 + 3'072 + 2 * 24 + 128},
        Kept{20, 3, 512 + 3'072 + 2 * 24 + 3 * 128}, Kept{20, 4, 512 + 3'072 + 2 * 80 + 4 * 128},
        Kept{35, 1, 512 + 6'144 + 2 * 32 + 128}, Kept{59, 4, 512 + 6'144 + 2 * 160 + 4 * 128},
        Kept{60, 1, 512 + 12'288 + 2 * 256 + 128}, Kept{90, 4, 512 + 12'288 + 2 * 512 + 4 * 128},
        Kept{160, 1, 512 + 24'576 + 2 * 512 + 128}}) {
    const Room room{.each = Bytes(gibi * kGibi), .devices = devices, .engine = Engine::sglang};
    EXPECT_EQ(addition_of(needed_for("llama-3.1-8b", {}, room), "kept"),
              Bytes(devices * mebi * (kGibi / 1'024)))
        << devices << " x " << gibi;
  }
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

// Cells by 256, and no more than the context needs: 24 beyond 1,000 positions. The residual stream
// is on each of two devices, the logits on one.
TEST(LlamaCpp, KeepsCellsOfAShortContextAndAStreamOnEachDevice) {
  const Room room{.each = Bytes(24 * kGibi), .devices = 2, .engine = Engine::llama_cpp};
  const Footprint needed = needed_for("mistral-7b-v0.1", {.context = 1'000, .batch = 2}, room);
  EXPECT_EQ(addition_of(needed, "cells"), Bytes(2 * 24 * 32 * 2 * 8 * 128 * 2));
  EXPECT_EQ(addition_of(needed, "compute buffer"), Bytes(512 * (32'000 + 2 * 4'096) * 4));
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

// Llama 3.1 8B on two ranks, each with half of what is divided.
Footprint of_rank(const char* deployment, Integer context, const Room& room) {
  Setting setting{.context = context, .weights = Scheme(DType::bf16)};
  Hardware machine;
  machine.memory.bytes = room.each.value();
  machine.bandwidth.bytes_per_second = 2e12;
  machine.devices = 2;
  setting.machine = std::make_shared<const Hardware>(machine);
  setting.parallel = read_deployment(deployment).value.value();
  return needed_for("llama-3.1-8b", setting, room);
}

// Half of the widths of gate, up and their product, 3 x 14,336 / 2, and the three streams of 4,096
// whole; all in two bytes.
TEST(VllmOnARank, TakesThePrefillOfTheRanksOwnOperations) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  const Footprint needed = of_rank("tp=2", 20'000, room);
  EXPECT_EQ(addition_of(needed, "prefill"), Bytes(20'000LL * 2 * (3 * 14'336 / 2 + 3 * 4'096)));
  EXPECT_EQ(addition_of(needed, "unused"), Bytes(24 * kGibi / 10));
  EXPECT_EQ(addition_of(needed, "runtime"), Bytes(kGibi * 35 / 100));
}

// 15 positions more than the one that is asked for beyond a page, with half of the heads or layers.
TEST(VllmOnARank, KeepsPagesOfTheRanksOwnCache) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  for (const char* deployment : {"tp=2", "pp=2"}) {
    EXPECT_EQ(addition_of(of_rank(deployment, 17, room), "pages"), Bytes(15 * 131'072 / 2));
  }
}

// In 10 bytes for each of 256 sequences and 128,256 tokens, beyond the rows of a prefill of 2,048;
// an earlier stage has none, and is not the fullest.
TEST(VllmOnARank, HasTheLogitsOfTheWholeVocabularyInTheLastStage) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::vllm};
  for (const auto& [deployment, width] : {std::pair{"tp=2", 14'336 / 2}, {"pp=2", 14'336}}) {
    const Bytes rows(2'048LL * 2 * (3 * width + 3 * 4'096));
    EXPECT_EQ(addition_of(of_rank(deployment, 1, room), "logits"),
              Bytes(128'256LL * 256 * 10) - rows);
  }
}

// 512 + 1.5 x 8,192 + 2 x 256 + 128 MiB for each of two devices, on each.
TEST(SglangOnARank, KeepsWhatItKeepsOfEachOfTheDevices) {
  const Room room{.each = Bytes(80 * kGibi), .engine = Engine::sglang};
  EXPECT_EQ(addition_of(of_rank("tp=2", 1, room), "kept"),
            Bytes((512 + 12'288 + 512 + 2 * 128) * (kGibi / 1'024)));
}

TEST(LlamaCppOnARank, HasTheLogitsInTheLastStage) {
  const Room room{.each = Bytes(24 * kGibi), .engine = Engine::llama_cpp};
  EXPECT_EQ(addition_of(of_rank("pp=2", 1, room), "compute buffer"),
            Bytes(512 * (128'256 + 4'096) * 4));
}

TEST(AReserve, IsDividedAmongTheRanks) {
  const Room room{.each = Bytes(24 * kGibi), .reserve = Bytes(5)};
  EXPECT_EQ(addition_of(of_rank("tp=2", 1, room), "reserve"), Bytes(3));
}

// 8 GiB over the 131,072 bytes of a token.
TEST(ACacheMemory, HoldsTheCacheAlone) {
  const Room room{.each = Bytes(8 * kGibi), .held = Held::caches};
  const Fit fit = largest_context(model_called("llama-3.1-8b"), {}, room);
  EXPECT_EQ(fit.room, 65'536);
}

TEST(ACacheMemory, HoldsTheCacheOfARankAlone) {
  const Room room{.each = Bytes(8 * kGibi), .held = Held::caches};
  const Footprint needed = of_rank("tp=2", 1, room);
  EXPECT_EQ(needed.total(), Bytes(131'072 / 2));
}

}  // namespace
}  // namespace llmarch
