// For every known architecture, scaled down: the predicted work is the work that was done,
// operation by operation.
#include <gtest/gtest.h>

#include <set>

#include "sim/formats/formats.h"
#include "sim/formats/scheme_names.h"
#include "sim/graph/lower.h"
#include "sim/spec/rules.h"
#include "sim/spec/scaled.h"
#include "tests/agreement/disagreements.h"
#include "tests/support/chunks.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

class EverySpec : public ::testing::TestWithParam<std::string> {
 protected:
  const OpGraph graph_ = lower(scale_down(model_spec(GetParam())));

  void expect_agreement(const Workload& workload) const {
    EXPECT_EQ(disagreements(check_agreement(graph_, workload, 1)), "");
  }
  // Checks both forms of latent attention, which are the same where a model has none.
  void expect_agreement_in_both_forms(Workload workload) const {
    for (const LatentForm form : {LatentForm::absorbed, LatentForm::expanded}) {
      workload.forms.latent = form;
      expect_agreement(workload);
    }
  }
};

TEST_P(EverySpec, IsCountedAsPredictedInPrefill) {
  for (const std::int64_t batch : {1, 2, 3}) {
    for (const std::int64_t tokens : {1, 2, 5, 17}) {
      expect_agreement_in_both_forms(prefill(tokens, batch));
    }
  }
}

TEST_P(EverySpec, IsCountedAsPredictedInDecode) {
  for (const std::int64_t batch : {1, 2, 3}) {
    for (const std::int64_t context : {1, 2, 5, 17}) {
      expect_agreement_in_both_forms(decode(context, batch));
    }
  }
}

// Steps that end a token before a chunk of a recurrence, with it and after it; in decode a chunk is
// one token.
TEST_P(EverySpec, IsCountedAsPredictedAroundEachChunkOfARecurrence) {
  if (!runs_by_chunks(graph_)) return;
  for (const std::int64_t chunk : {1, 3, 4}) {
    const OpGraph graph = in_chunks_of(chunk, graph_);
    for (const std::int64_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9}) {
      for (const std::int64_t past : {0, 5}) {
        const Workload workload = by_chunk({2, past, tokens, {LatentForm::expanded}, Logits::last});
        EXPECT_EQ(disagreements(check_agreement(graph, workload, 1)), "")
            << past << " + " << tokens << " in chunks of " << chunk;
      }
    }
  }
}

TEST_P(EverySpec, IsCountedAsPredictedInChunksOfAPrompt) {
  expect_agreement_in_both_forms({2, 3, 4, {LatentForm::expanded}, Logits::all});
  expect_agreement_in_both_forms({1, 9, 2, {LatentForm::expanded}, Logits::last});
}

// The groups of positions that some operation makes entries of.
std::set<Integer> groups_in(const OpGraph& graph) {
  std::set<Integer> sizes;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (const auto* make = std::get_if<Compress>(&node.op)) sizes.insert(make->positions);
    }
  }
  return sizes;
}

// One token before, at and after each end of a group, and steps that end or begin there.
TEST_P(EverySpec, IsCountedAsPredictedAroundEachEntry) {
  const std::set<Integer> groups = groups_in(graph_);
  if (groups.empty()) GTEST_SKIP() << "no cache is compressed";
  for (const Integer group : groups) {
    for (Integer end = group; end <= 3 * group; end += group) {
      for (const Integer context : {end - 1, end, end + 1}) {
        if (context == 0) continue;
        expect_agreement(decode(context, 2));
        expect_agreement(prefill(context, 1));
        expect_agreement({2, context, 2, {LatentForm::expanded}, Logits::all});
        expect_agreement({1, context, group + 1, {LatentForm::expanded}, Logits::last});
      }
    }
  }
}

// Whether a prediction layer is known for such a model.
bool may_predict(ArchSpec spec) {
  if (!spec.beside) spec.beside.emplace();
  if (!spec.beside->prediction_layers) spec.beside->prediction_layers = 1;
  return broken_rules(spec).empty();
}

TEST_P(EverySpec, IsCountedAsPredictedInAPredictionLayer) {
  const ArchSpec small = scale_down(model_spec(GetParam()));
  if (!may_predict(small)) GTEST_SKIP() << "no prediction layer is known for such a model";
  const OpGraph graph = lower_prediction_layer(small);
  for (const Workload& workload : {prefill(5, 2), decode(1, 1), decode(9, 3)}) {
    EXPECT_EQ(disagreements(check_agreement(graph, workload, 1)), "");
  }
}

// Blocks that end within a row, a column and a tensor; one scale for a whole tensor besides.
constexpr StorageFormat kInBlocks{
    "blocks", 5, {ScaleGrid{3, 7, 2}, ScaleGrid{kWholeExtent, kWholeExtent, 4}}};
constexpr StorageFormat kInRows{"rows", 3, {ScaleGrid{1, 4, 1}}};

TEST_P(EverySpec, IsCountedAsPredictedWithScalesBesideItsElements) {
  const OpGraph graph =
      with_formats(graph_, {matrices_and_vectors("blocks", DType::bf16, kInBlocks, kInRows),
                            CacheScheme("rows", kInRows, kInRows)});
  for (const Workload& workload : {prefill(5, 2), decode(9, 3)}) {
    EXPECT_EQ(disagreements(check_agreement(graph, workload, 1)), "");
  }
}

// Layers of a kind that are stored in several ways are blocks of their own.
TEST_P(EverySpec, IsCountedAsPredictedInAMixtureOfFormats) {
  const ArchSpec small = scale_down(model_spec(GetParam()));
  const Scheme weights =
      read_scheme("layers@1-1=mxfp4,value-projection=bnb-nf4,rest=gptq-g32").value.value();
  const CacheScheme caches = read_cache_scheme("k=q8_0,v=q4_0").value.value();
  const OpGraph graph =
      with_formats(with_layers_stored_alike(small, graph_, weights), {weights, caches});
  for (const Workload& workload : {prefill(5, 2), decode(9, 3)}) {
    EXPECT_EQ(disagreements(check_agreement(graph, workload, 1)), "");
  }
}

TEST_P(EverySpec, ComparesWhatIsActiveWhereOneTokenRuns) {
  EXPECT_TRUE(check_agreement(graph_, decode(4, 1), 1).counted_active.has_value());
  EXPECT_TRUE(check_agreement(graph_, prefill(1, 1), 1).counted_active.has_value());
  EXPECT_FALSE(check_agreement(graph_, prefill(2, 1), 1).counted_active.has_value());
  EXPECT_FALSE(check_agreement(graph_, decode(4, 2), 1).counted_active.has_value());
}

TEST_P(EverySpec, IsStillAModelWhenItIsScaledDown) {
  EXPECT_TRUE(broken_rules(scale_down(model_spec(GetParam()))).empty());
}

TEST_P(EverySpec, RunsBetweenTheChosenAndAllOfItsExperts) {
  for (const ExpertCount& experts : check_agreement(graph_, prefill(9, 2), 1).experts) {
    EXPECT_GT(experts.expected, 0);
    EXPECT_GT(experts.counted, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, EverySpec, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
