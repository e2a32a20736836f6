#include <gtest/gtest.h>

#include "kernels/weights/weight_store.h"
#include "sim/graph/lower.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

ArchSpec two_layers() {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_mixture());
  spec.norm.kind = NormKind::layer;
  spec.stack.front().repeat = 2;
  return spec;
}

std::vector<float> all_of(const OpGraph& graph, const WeightStore& store) {
  std::vector<float> all;
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    const auto layers = static_cast<std::size_t>(graph.instances(graph.weight(id)).value());
    for (std::size_t layer = 0; layer < layers; ++layer) {
      const auto weight = store.of(id, layer);
      all.insert(all.end(), weight.begin(), weight.end());
    }
  }
  return all;
}

TEST(SyntheticWeights, AreTheSameForTheSameSeed) {
  const OpGraph graph = lower(two_layers());
  EXPECT_EQ(all_of(graph, synthetic_weights(graph, 1)), all_of(graph, synthetic_weights(graph, 1)));
  EXPECT_NE(all_of(graph, synthetic_weights(graph, 1)), all_of(graph, synthetic_weights(graph, 2)));
}

// SplitMix64 with the seed 1234567 gives 6457827717110365317, then 3203168211198807973, on every
// machine; the upper 24 bits of each, over 2^23, less 1.
TEST(SyntheticWeights, AreThoseOfTheirPublishedGenerator) {
  const OpGraph graph = lower(two_layers());
  const WeightStore store = synthetic_weights(graph, 1234567);
  const auto uniform = [](std::uint64_t bits) {
    return static_cast<float>(bits >> 40U) / 8388608.0F - 1.0F;
  };
  EXPECT_EQ(store.of(0, 0)[0], uniform(6457827717110365317ULL));
  EXPECT_EQ(store.of(0, 0)[1], uniform(3203168211198807973ULL));
}

TEST(SyntheticWeights, DifferFromLayerToLayer) {
  const OpGraph graph = lower(two_layers());
  const WeightStore store = synthetic_weights(graph, 1);
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    if (graph.blocks.at(graph.weight(id).block).kind != BlockKind::layer) continue;
    const auto first = store.of(id, 0);
    const auto second = store.of(id, 1);
    EXPECT_FALSE(std::equal(first.begin(), first.end(), second.begin()))
        << name_of(graph.weight(id).role);
  }
}

TEST(SyntheticWeights, StayNearWhatTheyStandFor) {
  const OpGraph graph = lower(two_layers());
  const WeightStore store = synthetic_weights(graph, 1);
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    const WeightRole role = graph.weight(id).role;
    for (const float element : store.of(id, 0)) {
      if (kind_of(role) == WeightKind::norm) {
        EXPECT_NEAR(element, 1, 0.1001) << name_of(role);
      } else {
        EXPECT_LE(std::abs(element), 1.0001) << name_of(role);
      }
    }
  }
}

TEST(AWeightStore, HoldsEveryLayersOwnWeights) {
  // Two layers: attention 24 + 12 + 12 + 24 rows of 10, router 8 x 10, experts 8 x 3 x 9 x 10, two
  // norms with biases; besides them embedding and head 31 x 10 each, and a norm with its bias.
  const OpGraph graph = lower(two_layers());
  EXPECT_EQ(WeightStore(graph).held(),
            Elements(2 * (72 * 10 + 8 * 10 + 8 * 3 * 9 * 10 + 4 * 10) + 2 * 31 * 10 + 2 * 10));
}

}  // namespace
}  // namespace llmarch
