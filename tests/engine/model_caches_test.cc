// What the engine keeps for each kind of state, and that a snapshot of what is overwritten can be
// restored.
#include <gmock/gmock.h>

#include <stdexcept>
#include <variant>

#include "kernels/engine/model_caches.h"
#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "tests/engine/engine_options.h"
#include "tests/support/graph_of_caches.h"
#include "tests/support/tiny_models.h"

namespace llmarch::fast {
namespace {

using testing::Each;
using testing::ElementsAreArray;

class EnginesCaches : public testing::TestWithParam<DType> {
 protected:
  static constexpr std::size_t kSequences = 3;

  std::vector<float> row(std::size_t layer, std::size_t sequence) {
    std::vector<float> row(10);
    caches_.state_of(kFixedState, layer).read(sequence, 0, row);
    return row;
  }

  static OpGraph graph_in(DType dtype) {
    OpGraph graph = graph_of_caches();
    for (llmarch::Cache& cache : graph.caches) cache.format = plain(dtype);
    return graph;
  }

  const OpGraph graph_ = graph_in(GetParam());
  ModelCaches caches_{graph_, {kSequences, 20, 20}, hold_everything(graph_)};
};

TEST_P(EnginesCaches, HoldWhatIsPredicted) {
  for (std::size_t context = 1; context <= 20; ++context) {
    const Holdings held = caches_.reachable(context);
    const auto positions = static_cast<std::int64_t>(context);
    EXPECT_EQ(held.elements, cache_elements(graph_, positions, kSequences));
    EXPECT_EQ(held.bytes, cache_bytes(graph_, positions, kSequences));
  }
}

TEST_P(EnginesCaches, GiveBackTheStateThatWasThereAtASnapshot) {
  EXPECT_THAT(row(1, 2), Each(0.0F));
  const std::vector<float> first{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  caches_.state_of(kFixedState, 1).write(2, 0, first);
  const std::vector<std::byte> before = caches_.states();
  caches_.state_of(kFixedState, 1).write(2, 0, std::vector<float>(10, -1.0F));
  caches_.state_of(kFixedState, 0).write(0, 0, std::vector<float>(10, -1.0F));
  caches_.restore_states(before);
  EXPECT_THAT(row(1, 2), ElementsAreArray(first));
  EXPECT_THAT(row(0, 0), Each(0.0F));
  caches_.clear_states();
  EXPECT_THAT(row(1, 2), Each(0.0F));
}

TEST_P(EnginesCaches, RefuseASnapshotOfOtherStates) {
  std::vector<std::byte> states = caches_.states();
  states.pop_back();
  EXPECT_THROW(caches_.restore_states(states), std::invalid_argument);
}

TEST_P(EnginesCaches, AreNotTakenForThoseOfAnotherKind) {
  EXPECT_THROW((void)caches_.of(kFixedState, 0), std::bad_variant_access);
  EXPECT_THROW((void)caches_.state_of(kFixedState + 1, 0), std::bad_variant_access);
}

// A query attends to every entry, one for two positions, and they are gathered beside the window.
TEST(AFootprint, HasRoomForEveryEntryThatADecodeStepGathers) {
  CompressedAttention attention;
  attention.query_heads = 2;
  attention.head_dim = 6;
  attention.rope_head_dim = 2;
  attention.query_latent_dim = 3;
  attention.window = 4;
  attention.output_groups = 1;
  attention.output_latent_dim = 3;
  attention.rotary.theta = 10000;
  attention.compression = Compression{2};
  const OpGraph graph = lower(tiny_model(attention, tiny_dense()));
  const auto work = [&](Integer positions) {
    EngineOptions options = whole_options(graph, positions);
    options.step_tokens = 1;
    return footprint(graph, options).work;
  };
  EXPECT_GE(work(1000) - work(100), Bytes(450 * 6 * 4));
}

INSTANTIATE_TEST_SUITE_P(Formats, EnginesCaches,
                         testing::Values(DType::f32, DType::bf16, DType::f16, DType::fp8),
                         [](const auto& each) { return std::string(name_of(each.param)); });

}  // namespace
}  // namespace llmarch::fast
