// A model has one set of logits, however its tokens are fed: absorbed or expanded, by step or by
// chunk, at once or one by one, in a batch or alone.
#include <gtest/gtest.h>

#include "kernels/reference/executor.h"
#include "sim/graph/lower.h"
#include "sim/spec/scaled.h"
#include "tests/agreement/disagreements.h"
#include "tests/support/chunks.h"
#include "tests/support/model_specs.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using Ids = std::vector<std::int64_t>;
using Floats = std::vector<float>;

// A model with weights, whose caches fill as it is run.
class Session {
 public:
  Session(const OpGraph& graph, const WeightStore& weights, std::int64_t batch)
      : graph_(graph),
        weights_(weights),
        batch_(batch),
        caches_(graph, static_cast<std::size_t>(batch)) {}

  // The logits of every position; `ids` are those of all sequences, one after another.
  Floats run(const Ids& ids, LatentForm form) { return run(ids, Forms{form}); }
  Floats run(const Ids& ids, RecurrenceForm form) {
    return run(ids, Forms{LatentForm::expanded, form});
  }
  Floats run(const Ids& ids, const Forms& forms) {
    const std::int64_t tokens = std::ssize(ids) / batch_;
    const Workload step{batch_, past_, tokens, forms, Logits::all};
    past_ += tokens;
    return execute(graph_, weights_, caches_, ids, step).trace.logits;
  }

 private:
  const OpGraph& graph_;
  const WeightStore& weights_;
  std::int64_t batch_;
  std::int64_t past_ = 0;
  KvCaches<double> caches_;
};

Ids some_ids(std::int64_t count, std::int64_t first) {
  Ids ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back((first + 11 * i) % 31);
  return ids;
}

Ids joined(Ids ids, const Ids& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  return ids;
}

Floats joined(Floats floats, const Floats& more) {
  floats.insert(floats.end(), more.begin(), more.end());
  return floats;
}

// Computed in double and kept as float.
void expect_same(const Floats& got, const Floats& expected) {
  ASSERT_EQ(got.size(), expected.size());
  ASSERT_FALSE(expected.empty());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], 1e-6 * (1 + std::abs(expected[i]))) << "element " << i;
  }
}

std::vector<ArchSpec> latent_models() {
  LatentAttention plain = tiny_latent();
  LatentAttention full = tiny_latent();
  full.query_latent_dim = 8;
  full.compression_bias = true;
  full.output_bias = true;
  full.rotary->layout = RotaryLayout::interleaved;
  full.rotary->scaling = YarnScaling{40, 8, 32, 1, 1.0, 0.5, {}};
  std::vector<ArchSpec> models{tiny_model(plain, tiny_dense()), tiny_model(full, tiny_mixture())};
  for (ArchSpec& model : models) model.stack.front().repeat = 2;
  return models;
}

TEST(LatentAttention, GivesTheSameLogitsInBothForms) {
  for (const ArchSpec& spec : latent_models()) {
    const OpGraph graph = lower(spec);
    const WeightStore weights = synthetic_weights(graph, 5);
    Session absorbed(graph, weights, 2);
    Session expanded(graph, weights, 2);
    for (const std::int64_t tokens : {6, 1, 3, 1}) {  // prefill, decode, a chunk, decode
      const Ids ids = some_ids(2 * tokens, 4);
      expect_same(absorbed.run(ids, LatentForm::absorbed), expanded.run(ids, LatentForm::expanded));
    }
  }
}

TEST(LatentAttention, MayChangeItsFormFromStepToStep) {
  for (const ArchSpec& spec : latent_models()) {
    const OpGraph graph = lower(spec);
    const WeightStore weights = synthetic_weights(graph, 5);
    Session whole(graph, weights, 1);
    const Floats expected = whole.run(some_ids(7, 2), LatentForm::expanded);
    Session mixed(graph, weights, 1);
    const Ids ids = some_ids(7, 2);
    Floats got = mixed.run({ids.begin(), ids.begin() + 4}, LatentForm::expanded);
    got = joined(got, mixed.run({ids[4]}, LatentForm::absorbed));
    got = joined(got, mixed.run({ids[5], ids[6]}, LatentForm::expanded));
    expect_same(got, expected);
  }
}

TEST(LatentAttention, IsPredictedInBothFormsWhateverThePast) {
  for (const ArchSpec& spec : latent_models()) {
    const OpGraph graph = lower(spec);
    for (const LatentForm form : {LatentForm::absorbed, LatentForm::expanded}) {
      for (const std::int64_t past : {0, 1, 6}) {
        for (const std::int64_t tokens : {1, 4}) {
          const Workload workload{2, past, tokens, {form}, Logits::last};
          EXPECT_EQ(disagreements(check_agreement(graph, workload, 5)), "");
        }
      }
    }
  }
}

// If both forms cost the same, agreeing in both would prove little.
TEST(LatentAttention, CostsDifferentlyInItsTwoForms) {
  const OpGraph graph = lower(latent_models().front());
  Workload workload = decode(9, 1);
  const Work absorbed = check_agreement(graph, workload, 5).total.counted;
  workload.forms.latent = LatentForm::expanded;
  const Work expanded = check_agreement(graph, workload, 5).total.counted;
  EXPECT_LT(absorbed.matrix, expanded.matrix);
}

std::vector<OpGraph> recurrent_graphs() {
  std::vector<OpGraph> graphs;
  for (const Mixer& mixer : std::initializer_list<Mixer>{tiny_delta_net(), tiny_kimi_delta(),
                                                         tiny_lightning(), tiny_mamba()}) {
    graphs.push_back(in_chunks_of(3, lower(tiny_model(mixer, tiny_dense()))));
  }
  return graphs;
}

// A prefill of two chunks and a part, a decode, a step of one chunk, a part of one.
TEST(Recurrences, GiveTheSameLogitsByStepAndByChunk) {
  for (const OpGraph& graph : recurrent_graphs()) {
    const WeightStore weights = synthetic_weights(graph, 5);
    Session by_step(graph, weights, 2);
    Session by_chunk(graph, weights, 2);
    for (const std::int64_t tokens : {8, 1, 3, 2}) {
      const Ids ids = some_ids(2 * tokens, 4);
      expect_same(by_chunk.run(ids, RecurrenceForm::by_chunk),
                  by_step.run(ids, RecurrenceForm::by_step));
    }
  }
}

TEST(Recurrences, MayChangeTheirFormFromStepToStep) {
  for (const OpGraph& graph : recurrent_graphs()) {
    const WeightStore weights = synthetic_weights(graph, 5);
    const Ids ids = some_ids(9, 2);
    Session whole(graph, weights, 1);
    const Floats expected = whole.run(ids, RecurrenceForm::by_step);
    Session mixed(graph, weights, 1);
    Floats got = mixed.run({ids.begin(), ids.begin() + 5}, RecurrenceForm::by_chunk);
    got = joined(got, mixed.run({ids[5]}, RecurrenceForm::by_step));
    got = joined(got, mixed.run({ids[6], ids[7], ids[8]}, RecurrenceForm::by_chunk));
    expect_same(got, expected);
  }
}

// 8 tokens are 3 chunks of 3: their states are read 3 times instead of 8. What is multiplied grows
// by the scores. If both forms cost the same, agreeing in both would prove little.
TEST(Recurrences, CostDifferentlyInTheirTwoForms) {
  for (const OpGraph& graph : recurrent_graphs()) {
    const Workload workload = prefill(8, 1);
    const Work by_step = check_agreement(graph, workload, 5).total.counted;
    const Work by_chunks = check_agreement(graph, by_chunk(workload), 5).total.counted;
    EXPECT_LT(by_step.matrix, by_chunks.matrix);
    EXPECT_LT(by_chunks.cache_bytes_read, by_step.cache_bytes_read);
  }
}

class EveryModel : public ::testing::TestWithParam<std::string> {
 protected:
  const OpGraph graph_ = lower(scale_down(model_spec(GetParam())));
  const WeightStore weights_ = synthetic_weights(graph_, 7);
};

TEST_P(EveryModel, GivesTheSameLogitsTokenByToken) {
  const Ids ids = some_ids(9, 3);
  Session whole(graph_, weights_, 1);
  const Floats expected = whole.run(ids, LatentForm::expanded);
  Session stepwise(graph_, weights_, 1);
  Floats got = stepwise.run({ids.begin(), ids.begin() + 4}, LatentForm::expanded);
  for (std::size_t i = 4; i < ids.size(); ++i) {
    got = joined(got, stepwise.run({ids[i]}, LatentForm::absorbed));
  }
  expect_same(got, expected);
}

TEST_P(EveryModel, GivesTheSameLogitsByChunks) {
  if (!runs_by_chunks(graph_)) return;
  const OpGraph graph = in_chunks_of(4, graph_);
  const Ids ids = some_ids(9, 3);
  Session by_step(graph, weights_, 1);
  Session by_chunk(graph, weights_, 1);
  expect_same(by_chunk.run(ids, RecurrenceForm::by_chunk),
              by_step.run(ids, RecurrenceForm::by_step));
}

TEST_P(EveryModel, GivesEachSequenceOfABatchItsOwnLogits) {
  Session both(graph_, weights_, 2);
  Session first(graph_, weights_, 1);
  Session second(graph_, weights_, 1);
  for (const std::int64_t tokens : {5, 1, 2}) {
    const Ids one = some_ids(tokens, 3);
    const Ids other = some_ids(tokens, 20);
    const Floats alone =
        joined(first.run(one, LatentForm::expanded), second.run(other, LatentForm::expanded));
    expect_same(both.run(joined(one, other), LatentForm::expanded), alone);
  }
}

TEST_P(EveryModel, GivesTheLastLogitsWhereOnlyTheseAreWanted) {
  const Ids ids = some_ids(2 * 4, 3);
  Session session(graph_, weights_, 2);
  const Floats all = session.run(ids, LatentForm::expanded);
  KvCaches<double> caches(graph_, 2);
  const Floats last = execute(graph_, weights_, caches, ids, prefill(4, 2)).trace.logits;
  const std::size_t row = all.size() / 8;
  const auto row_of = [&](std::size_t index) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(index * row);
    return Floats(begin, begin + static_cast<std::ptrdiff_t>(row));
  };
  expect_same(last, joined(row_of(3), row_of(7)));
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryModel, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
