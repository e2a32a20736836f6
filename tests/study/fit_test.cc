#include "sim/study/fit.h"

#include <gtest/gtest.h>

#include "sim/cost/predict.h"
#include "sim/formats/formats.h"
#include "sim/study/compare.h"
#include "tests/support/model_specs.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

Model known_model(const std::string& name) {
  return make_model(model_spec(name), {});
}

constexpr Bytes kGpu{std::int64_t{24} << 30};

Room room_of(Bytes memory) {
  return {.each = memory};
}

// Llama 3.1 8B: 8,030,261,248 parameters in two bytes; 2 x 32 layers x 8 heads x 128 x 2 bytes of
// cache a token; the head reads 4,096 and writes 128,256 elements beside 4,096 of the residual.
TEST(TheLargestContext, IsWhatIsLeftOverTheCacheOfAToken) {
  const std::int64_t weights = 2 * 8'030'261'248;
  const std::int64_t activations = 2 * (4'096 + 128'256 + 4'096);
  const std::int64_t cache = 2 * 32 * 8 * 128 * 2;
  const Fit fit = largest_context(known_model("llama-3.1-8b"), {}, room_of(kGpu));
  EXPECT_EQ(fit.setting.context.value(), (kGpu.value() - weights - activations) / cache);
  EXPECT_EQ(fit.footprint.weights.value(), weights);
  EXPECT_EQ(fit.footprint.activations.value(), activations);
  EXPECT_EQ(fit.footprint.cache.value(), cache * fit.setting.context.value());
}

class AnyModel : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Fit, AnyModel, testing::ValuesIn(model_names()), test_name);

// What a batch takes at a context, added up from the book and the caches without their curves. Of
// what is held on the way, `most` is the most so far.
class BruteForce {
 public:
  BruteForce(const Model& model, const Setting& setting)
      : graph_(stored(model, setting)), batch_(setting.batch) {
    Elements rows;
    for (const BookLine& line : predict(model.graph, decode(1, batch_)).lines) {
      const Elements all = line.work.activations_read + line.work.activations_written;
      const Integer layers = model.graph.blocks.at(line.block).repeats;
      rows = std::max(rows, Elements(all.amount() / layers));
    }
    fixed_ = weight_bytes(graph_).total +
             bytes_of(rows + Elements(batch_ * model.spec.hidden), DType::bf16);
    const Beside beside = model.spec.beside.value_or(Beside{});
    fixed_ += bytes_of(Elements(beside.vision_tower.value_or(0) + beside.projector.value_or(0)),
                       unquantised_format(model, setting));
    predictions_ = beside.prediction_layers.value_or(0);
    if (const auto prediction = stored_prediction(model, graph_, setting)) {
      prediction_ = *prediction;
      fixed_ += own_bytes(beside, prediction_) * predictions_;
    }
  }
  [[nodiscard]] Bytes at(Integer context) const {
    return fixed_ + cache_bytes(graph_, context, batch_) +
           cache_bytes(prediction_, context, batch_) * predictions_;
  }

 private:
  OpGraph graph_;
  OpGraph prediction_;   // one prediction layer; without caches where there is none
  Integer predictions_;  // how many there are
  Integer batch_;
  Bytes fixed_;
};

// Each context one by one, up to the first that does not fit: for memories of which the last byte
// decides.
TEST_P(AnyModel, HasTheLargestContextThatTryingEachOneFinds) {
  const Model model = known_model(GetParam());
  constexpr std::int64_t kTried = 20'000;
  for (const auto& [weights, kv, batch] :
       {std::tuple(DType::bf16, DType::bf16, 1), std::tuple(DType::int4, DType::bf16, 3),
        std::tuple(DType::fp8, DType::int4, 2), std::tuple(DType::f32, DType::fp8, 5),
        std::tuple(DType::f16, DType::f32, 1), std::tuple(DType::int8, DType::int8, 64)}) {
    const Setting setting{.batch = batch, .weights = weights, .kv = kv};
    const BruteForce brute(model, setting);
    for (const std::int64_t there : {1'000, 4'097, 8'192, 8'193, 15'000}) {
      for (const Bytes less : {Bytes(0), Bytes(1)}) {
        const Bytes memory = brute.at(there) - less;
        Integer fitting = 0;
        while (fitting < kTried && brute.at(fitting + 1) <= memory) fitting += 1;
        const Fit found = largest_context(model, setting, room_of(memory));
        if (fitting == kTried) {
          EXPECT_GE(found.room, kTried);
        } else {
          EXPECT_EQ(found.room, fitting) << name_of(weights) << " at " << there;
        }
      }
    }
  }
}

TEST_P(AnyModel, FitsWithWhatIsFoundAndNotWithOneMore) {
  const Model one = known_model(GetParam());
  const Bytes memory = bytes_of(one.parameters.total, DType::bf16) + Bytes(std::int64_t{1} << 30);
  const Fit context = largest_context(one, {.batch = 3}, room_of(memory));
  Setting setting = context.setting;
  EXPECT_EQ(setting.batch, 3);
  if (context.limit == Limit::memory) {
    EXPECT_LE(footprint(one, setting).total(), memory);
    setting.context += 1;
    EXPECT_GT(footprint(one, setting).total(), memory);
  }
  const Integer context_asked = std::min(Integer(4'096), one.spec.context_limit);
  const Fit batch = largest_batch(one, {.context = context_asked}, room_of(memory));
  setting = batch.setting;
  ASSERT_NE(batch.limit, Limit::nothing);
  if (batch.limit == Limit::memory) {
    EXPECT_LE(footprint(one, setting).total(), memory);
    setting.batch += 1;
  }
  EXPECT_GT(footprint(one, setting).total(), memory);
}

// Every layer of Mistral 7B v0.1 has a window of 4,096.
TEST(AModel, WhoseCacheStopsGrowingFitsWithEveryContext) {
  EXPECT_EQ(largest_context(known_model("mistral-7b-v0.1"), {}, room_of(kGpu)).room, kMostFitted);
}

TEST(AModel, WhoseWeightsAreTooLargeDoesNotFitAtAll) {
  const Fit fit = largest_context(known_model("deepseek-v3"), {}, room_of(kGpu));
  EXPECT_EQ(fit.limit, Limit::not_at_all);
  EXPECT_EQ(fit.setting.context, 1);
  EXPECT_GT(fit.footprint.total(), kGpu);
}

// Every sequence of a batch has rows of its own in the largest operation: the head reads 4,096 and
// writes 128,256 elements beside 4,096 of the residual stream.
TEST(AFootprint, HoldsTheRowsOfEverySequence) {
  const Model llama = known_model("llama-3.1-8b");
  const std::int64_t rows = 2 * (4'096 + 128'256 + 4'096);
  EXPECT_EQ(footprint(llama, {.batch = 1}).activations.value(), rows);
  EXPECT_EQ(footprint(llama, {.batch = 7}).activations.value(), 7 * rows);
}

// Each sequence takes its cache and its rows.
TEST(TheLargestBatch, IsWhatIsLeftOverWhatASequenceTakes) {
  const std::int64_t weights = 2 * 8'030'261'248;
  const std::int64_t sequence =
      std::int64_t{4'096} * 2 * 32 * 8 * 128 * 2 + 2 * (4'096 + 128'256 + 4'096);
  const Fit fit = largest_batch(known_model("llama-3.1-8b"), {.context = 4'096}, room_of(kGpu));
  EXPECT_EQ(fit.setting.batch.value(), (kGpu.value() - weights) / sequence);
  EXPECT_EQ(fit.one_more->total().value(), weights + (fit.setting.batch.value() + 1) * sequence);
}

// Scout has 36 layers with chunks of 8,192 and 12 that keep every key. At 8,192 all 48 hold 8,192
// positions; after it the chunks begin anew, and as much is held again only at 14,336:
// 12 x 14,336 + 36 x 6,144 = 48 x 8,192.
TEST(AFootprint, HoldsTheMostThatChunksHadOnTheWay) {
  const Model scout = known_model("llama-4-scout");
  const std::int64_t position = 2 * 8 * 128 * 2;  // of one layer
  const auto cache = [&](std::int64_t context) {
    return footprint(scout, {.context = context}).cache.value() / position;
  };
  EXPECT_EQ(cache(8'191), 48 * 8'191);
  EXPECT_EQ(cache(8'192), 48 * 8'192);
  EXPECT_EQ(cache(8'193), 48 * 8'192);
  EXPECT_EQ(cache(14'336), 48 * 8'192);
  EXPECT_EQ(cache(14'337), 12 * 14'337 + 36 * 6'145);
}

TEST(TheLargestContext, IsThatUpToWhichEveryContextFits) {
  const Model scout = known_model("llama-4-scout");
  const Bytes at_8k = footprint(scout, {.context = 8'192}).total();
  EXPECT_EQ(largest_context(scout, {}, room_of(at_8k)).setting.context, 14'336);
  EXPECT_EQ(largest_context(scout, {}, room_of(at_8k - Bytes(1))).setting.context, 8'191);
}

// Chunks of 6 and of 4 end together every 12 positions. What each position holds, by hand.
TEST(AFootprint, HoldsTheMostOfChunksOfSeveralSizes) {
  GroupedAttention six = tiny_grouped();
  six.chunk = 6;
  ArchSpec spec = tiny_model(six, tiny_dense());
  GroupedAttention four = tiny_grouped();
  four.chunk = 4;
  spec.attention.push_back({"four", four});
  spec.layer.push_back({"second", {Reference{"four", 1}, Reference{"feed", 0}}});
  spec.stack = {{{{"block", 0}, {"second", 1}}, 1}};
  const Model model = make_model(spec, {});
  std::int64_t most = 0;
  for (std::int64_t context = 1; context <= 40; ++context) {
    most = std::max(most, (context - 1) % 6 + 1 + (context - 1) % 4 + 1);
    const std::int64_t position = 2 * 2 * 6 * 2;
    EXPECT_EQ(footprint(model, {.context = context}).cache.value(), most * position) << context;
  }
}

// The most positions that a model allows bound the fit, whatever the memory has room for: GPT-2 has
// learned 1,024, and Mistral's makers allow 32,768.
TEST(TheLargestContext, IsOneThatTheModelAllows) {
  const Fit gpt2 = largest_context(known_model("gpt2"), {}, room_of(kGpu));
  EXPECT_EQ(gpt2.found, 1'024);
  EXPECT_EQ(gpt2.setting.context, 1'024);
  EXPECT_EQ(gpt2.limit, Limit::learned_positions);
  EXPECT_EQ(gpt2.room, (kGpu.value() - 248'879'616 - 103'586) / 36'864);
  const Fit mistral = largest_context(known_model("mistral-7b-v0.1"), {}, room_of(kGpu));
  EXPECT_EQ(mistral.found, 32'768);
  EXPECT_EQ(mistral.limit, Limit::context_limit);
}

TEST(TheLargestBatch, IsNoneAtAContextThatTheModelDoesNotAllow) {
  const Model gpt2 = known_model("gpt2");
  EXPECT_EQ(largest_batch(gpt2, {.context = 1'024}, room_of(kGpu)).limit, Limit::memory);
  const Fit beyond = largest_batch(gpt2, {.context = 1'025}, room_of(kGpu));
  EXPECT_EQ(beyond.found, 0);
  EXPECT_EQ(beyond.limit, Limit::learned_positions);
  EXPECT_GT(beyond.room, 1);
  EXPECT_EQ(beyond.setting.batch, 1);
}

// A machine with memory for Scout's weights and for 4,882 positions: at 8,193 the chunks have begun
// anew and would fit, but no sequence gets there.
TEST(AComparison, SaysThatItFitsWhereAFitSays) {
  Model scout = known_model("llama-4-scout");
  leave_out_beside(scout);
  Hardware machine;
  machine.memory.bytes = 216'500'000'000;
  machine.bandwidth.bytes_per_second = 1e12;
  machine.peak.f32 = PeakRate{1e14, "-"};
  Setting setting{.machine = std::make_shared<const Hardware>(machine)};
  const Fit fit = largest_context(scout, setting, room_of(Bytes(machine.memory.bytes)));
  EXPECT_EQ(fit.setting.context, 4'882);
  for (const std::int64_t context : {1, 4'881, 4'882, 4'883, 8'192, 8'193, 16'385}) {
    setting.context = context;
    EXPECT_EQ(compare({&scout}, setting).models.front().on.front().fits, context <= 4'882)
        << context;
  }
}

}  // namespace
}  // namespace llmarch
