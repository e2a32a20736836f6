// One wrong field of a spec makes every golden model depart, in both runs, at the layer where the
// fault is: so a family's peculiarities are really checked.
#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <set>

#include "sim/graph/lower.h"
#include "tests/golden/field_faults.h"
#include "tests/golden/golden_models.h"

namespace llmarch {
namespace {

// A norm keeps its weight when it is placed elsewhere.
std::optional<WeightRole> other_place(WeightRole role) {
  switch (role) {
    case WeightRole::attention_norm: return WeightRole::post_attention_norm;
    case WeightRole::attention_norm_bias: return WeightRole::post_attention_norm_bias;
    case WeightRole::feed_forward_norm: return WeightRole::post_feed_forward_norm;
    case WeightRole::feed_forward_norm_bias: return WeightRole::post_feed_forward_norm_bias;
    case WeightRole::post_attention_norm: return WeightRole::attention_norm;
    case WeightRole::post_attention_norm_bias: return WeightRole::attention_norm_bias;
    case WeightRole::post_feed_forward_norm: return WeightRole::feed_forward_norm;
    case WeightRole::post_feed_forward_norm_bias: return WeightRole::feed_forward_norm_bias;
    default: return std::nullopt;
  }
}

std::optional<WeightId> find(const OpGraph& graph, std::size_t block, WeightRole role) {
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    if (graph.weights[id].block == block && graph.weights[id].role == role) return id;
  }
  return std::nullopt;
}

WeightId counterpart(const OpGraph& graph, const Weight& weight) {
  auto id = find(graph, weight.block, weight.role);
  if (const auto role = other_place(weight.role); !id && role) {
    id = find(graph, weight.block, *role);
  }
  if (!id) throw std::logic_error("a fault that asks for a weight which the model has not");
  return *id;
}

// The model's own weights for another graph, which may lack some of them.
WeightStore weights_of(const OpGraph& right, const WeightStore& weights, const OpGraph& wrong) {
  WeightStore store(wrong);
  for (WeightId id = 0; id < wrong.weights.size(); ++id) {
    const WeightId from = counterpart(right, wrong.weights[id]);
    const auto layers = static_cast<std::size_t>(wrong.instances(wrong.weights[id]).value());
    for (std::size_t layer = 0; layer < layers; ++layer) {
      std::ranges::copy(weights.of(from, layer), store.of(id, layer).begin());
    }
  }
  return store;
}

class AGoldenSpec : public ::testing::TestWithParam<std::string> {
 protected:
  const GoldenModel model_{GetParam()};
};

TEST_P(AGoldenSpec, DepartsWhereAnyOneFieldIsWrong) {
  const WeightStore weights = model_.weights_for(model_.graph);
  for (const auto& [field, departure, make] : faults_of(model_.spec)) {
    ArchSpec wrong = model_.spec;
    make(wrong);
    const OpGraph graph = lower(wrong);
    EXPECT_THAT(departures(graph, weights_of(model_.graph, weights, graph), model_.expected),
                testing::Each(departure))
        << field;
  }
}

// Every peculiarity of a family is in at least one of the vectors.
TEST(TheFaults, AreThoseOfEveryFamily) {
  std::set<std::string> fields;
  for (const std::string& name : golden_names()) {
    for (const FieldFault& fault : faults_of(*golden_config(name).spec)) fields.insert(fault.field);
  }
  for (const char* field :
       {"window one longer", "window one shorter", "window for a chunk", "chunk for a window",
        "rotated", "qk_norm dropped", "query_scalar dropped", "score_soft_cap dropped",
        "logit_soft_cap dropped", "temperature dropped", "linear factor", "scaled_embedding",
        "placement before", "placement after", "scaled_input", "shared_gate off", "group score"}) {
    EXPECT_TRUE(fields.contains(field)) << field;
  }
}

INSTANTIATE_TEST_SUITE_P(Departures, AGoldenSpec, ::testing::ValuesIn(golden_names()), folder_name);

}  // namespace
}  // namespace llmarch
