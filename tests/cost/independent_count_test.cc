// Every known model against a count of its own from its spec, to the unit.
#include "tests/cost/independent_count.h"

#include <gmock/gmock.h>

#include <map>

#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "tests/support/model_specs.h"
#include "tests/support/show_work.h"

namespace llmarch {
namespace {

// Around the ends of the windows, chunks and choices that models have, of 128 to 8,192 positions.
constexpr std::int64_t kPasts[]{0, 126, 511, 1'022, 2'046, 4'095, 8'190};

// A tally as the columns of a book, but for the bytes.
Work work_of(const independent::Tally& tally) {
  Work work;
  work.matrix = Flops(tally.matrix);
  work.other = Flops(tally.other);
  work.transcendentals = Transcendentals(tally.transcendentals);
  work.weights_read = Elements(tally.weights_read);
  work.cache_read = Elements(tally.cache_read);
  work.cache_written = Elements(tally.cache_written);
  work.activations_read = Elements(tally.activations_read);
  work.activations_written = Elements(tally.activations_written);
  return work;
}

Work without_bytes(Work work) {
  work.weight_bytes_read = work.cache_bytes_read = work.cache_bytes_written = Bytes();
  return work;
}

// Tokens of a step may read a weight together.
Work without_weights(Work work) {
  work.weights_read = Elements();
  return without_bytes(work);
}

// Those of one sequence may read a position and overwrite a state together too.
Work without_caches(Work work) {
  work.cache_read = work.cache_written = Elements();
  return without_weights(work);
}

class ASpec : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!independent::count(spec_, 1).unknown.empty()) GTEST_SKIP() << "named below";
  }
  const ArchSpec spec_ = model_spec(GetParam());
  const OpGraph graph_ = lower(spec_);
};

INSTANTIATE_TEST_SUITE_P(IndependentCount, ASpec, testing::ValuesIn(model_names()), test_name);

TEST_P(ASpec, HasTheParametersOfAnIndependentCount) {
  const independent::ModelCount count = independent::count(spec_, 1);
  const Integer total = count.layers.parameters + count.head.parameters;
  const Parameters predicted = predict_parameters(graph_);
  EXPECT_EQ(predicted.total.value(), total);
  EXPECT_EQ(predicted.active.all.value(), total - count.layers.idle);
  const Integer table = spec_.head == Head::tied ? 0 : count.input_table;
  EXPECT_EQ(predicted.active.without_input_embedding.value(), total - count.layers.idle - table);
  EXPECT_EQ(predicted.active.without_embeddings.value(),
            total - count.layers.idle - count.input_table - count.head_matrix);
}

TEST_P(ASpec, KeepsInItsCachesWhatAnIndependentCountDoes) {
  for (const std::int64_t past : kPasts) {
    const independent::Tally layers = independent::count(spec_, past + 1).layers;
    EXPECT_EQ(cache_bytes(graph_, past + 1, 3).value(),
              3 * (2 * layers.kept_as_caches + 4 * layers.kept_in_f32))
        << past;
  }
}

TEST_P(ASpec, TakesForATokenWhatAnIndependentCountDoes) {
  for (const std::int64_t past : kPasts) {
    const independent::ModelCount count = independent::count(spec_, past + 1);
    Work token = work_of(count.layers);
    token += work_of(count.head);
    EXPECT_EQ(without_bytes(predict(graph_, decode(past + 1, 1)).total), token) << past;
    EXPECT_EQ(without_weights(predict(graph_, decode(past + 1, 4)).total),
              without_weights(token) * 4)
        << past;
  }
}

// A step of three tokens is three steps, of which the last alone names a token.
TEST_P(ASpec, TakesForThreeTokensTheSumOfWhatEachTakes) {
  for (const std::int64_t past : kPasts) {
    Work sum = work_of(independent::count(spec_, past + 1).head);
    for (const std::int64_t context : {past + 1, past + 2, past + 3}) {
      sum += work_of(independent::count(spec_, context).layers);
    }
    const Workload step{1, past, 3, {LatentForm::absorbed, RecurrenceForm::by_step}, Logits::last};
    EXPECT_EQ(without_caches(predict(graph_, step).total), without_caches(sum)) << past;
  }
}

// What the independent count does not know, and which models have it. A model whose blocks it
// learns to count has to leave this list.
TEST(AnIndependentCount, IsMadeOfAllModelsButThese) {
  std::map<std::string, std::set<std::string>> unknown;
  for (const std::string& name : model_names()) {
    for (const std::string& kind : independent::count(model_spec(name), 1).unknown) {
      unknown[kind].insert(name);
    }
  }
  const std::set<std::string> gemma_3n{"gemma-3n-e2b", "gemma-3n-e4b"};
  const std::set<std::string> deepseek_v4{"deepseek-v4-flash", "deepseek-v4-pro"};
  const std::map<std::string, std::set<std::string>> expected{
      {"alternating updates", gemma_3n},       {"attention residuals", {"kimi-k3"}},
      {"compressed attention", deepseek_v4},   {"hyper-connections", deepseek_v4},
      {"identity experts", {"longcat-flash"}}, {"learned augmented residual", gemma_3n},
      {"per-layer embeddings", gemma_3n}};
  EXPECT_EQ(unknown, expected);
}

}  // namespace
}  // namespace llmarch
