#include "sim/study/fit.h"

#include <gtest/gtest.h>

#include "sim/study/quantities.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

Model known_model(const std::string& name) {
  return make_model(model_spec(name), {});
}

constexpr Bytes kGpu{std::int64_t{24} << 30};

// Llama 3.1 8B: 8,030,261,248 parameters in two bytes; 2 x 32 layers x 8 heads x 128 x 2 bytes of
// cache a token; the head reads 4,096 and writes 128,256 elements beside 4,096 of the residual.
TEST(TheLargestContext, IsWhatIsLeftOverTheCacheOfAToken) {
  const std::int64_t weights = 2 * 8'030'261'248;
  const std::int64_t activations = 2 * (4'096 + 128'256 + 4'096);
  const std::int64_t cache = 2 * 32 * 8 * 128 * 2;
  const Fit fit = largest_context(known_model("llama-3.1-8b"), {}, kGpu);
  EXPECT_EQ(fit.setting.context.value(), (kGpu.value() - weights - activations) / cache);
  EXPECT_EQ(fit.footprint.weights.value(), weights);
  EXPECT_EQ(fit.footprint.activations.value(), activations);
  EXPECT_EQ(fit.footprint.cache.value(), cache * fit.setting.context.value());
}

class AnyModel : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Fit, AnyModel, testing::ValuesIn(model_names()), test_name);

TEST_P(AnyModel, FitsWithWhatIsFoundAndNotWithOneMore) {
  const Model one = known_model(GetParam());
  const Bytes memory = bytes_of(one.parameters.total, DType::bf16) + Bytes(std::int64_t{1} << 30);
  const Fit context = largest_context(one, {.batch = 3}, memory);
  Setting setting = context.setting;
  EXPECT_EQ(setting.batch, 3);
  if (context.limit == Limit::memory) {
    EXPECT_LE(footprint(one, setting).total(), memory);
    setting.context += 1;
    EXPECT_GT(footprint(one, setting).total(), memory);
  }
  const Fit batch = largest_batch(one, {.context = 4'096}, memory);
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
  EXPECT_EQ(largest_context(known_model("mistral-7b-v0.1"), {}, kGpu).limit, Limit::nothing);
}

TEST(AModel, WhoseWeightsAreTooLargeDoesNotFitAtAll) {
  const Fit fit = largest_context(known_model("deepseek-v3"), {}, kGpu);
  EXPECT_EQ(fit.limit, Limit::not_at_all);
  EXPECT_EQ(fit.setting.context, 1);
  EXPECT_GT(fit.footprint.total(), kGpu);
}

// Scout keeps 8,192 keys of a chunk on the way to 8,193 keys, where the next chunk holds one.
TEST(AFootprint, HoldsTheMostThatAChunkHadOnTheWay) {
  const Model scout = known_model("llama-4-scout");
  const Bytes before = footprint(scout, {.context = 8'192}).cache;
  const Bytes behind = footprint(scout, {.context = 8'193}).cache;
  const std::int64_t token_of_12_global_layers = 12 * 2 * 8 * 128 * 2;
  EXPECT_EQ((behind - before).value(), token_of_12_global_layers);
}

}  // namespace
}  // namespace llmarch
