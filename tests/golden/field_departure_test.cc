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

bool same_place(const SublayerPlace& one, const SublayerPlace& other) {
  return one.sublayer == other.sublayer && one.block == other.block;
}

// The weight of that role in that place; or the only one of the role, wherever it stands.
std::optional<WeightId> find(const OpGraph& graph, const Weight& like, WeightRole role) {
  std::vector<WeightId> of_role;
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    if (graph.weights[id].block != like.block || graph.weights[id].role != role) continue;
    if (same_place(graph.weights[id].place, like.place)) return id;
    of_role.push_back(id);
  }
  return of_role.size() == 1 ? std::optional(of_role.front()) : std::nullopt;
}

// The weight of the same role at the same place of the layer, or else of that role at any place; a
// norm's weight too where the norm is placed otherwise.
WeightId counterpart(const OpGraph& graph, const Weight& weight) {
  auto id = find(graph, weight, weight.role);
  if (const auto role = other_place(weight.role); !id && role) id = find(graph, weight, *role);
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
  for (const char* field : {"window one longer",
                            "window one shorter",
                            "window for a chunk",
                            "chunk for a window",
                            "rotated",
                            "qk_norm dropped",
                            "query_scalar dropped",
                            "score_soft_cap dropped",
                            "logit_soft_cap dropped",
                            "temperature dropped",
                            "linear factor",
                            "scaled_embedding",
                            "placement before",
                            "placement after",
                            "scaled_input",
                            "shared_gate off",
                            "group score",
                            "norm bias dropped",
                            "norm weight dropped",
                            "norm kind",
                            "block norm epsilon",
                            "block placement after",
                            "in sequence",
                            "side by side",
                            "embedding_multiplier dropped",
                            "residual_multiplier dropped",
                            "logit_multiplier dropped",
                            "head_bias dropped",
                            "score_multiplier dropped",
                            "qk_norm before rotation",
                            "qk_norm after rotation",
                            "temperature positions",
                            "latent temperature dropped",
                            "sum_multiplier",
                            "overlapping dropped",
                            "compression dropped",
                            "chosen entries one more",
                            "stream iterations",
                            "listed_by_token off",
                            "least_log_decay dropped",
                            "situ dropped",
                            "latent_norm dropped"}) {
    EXPECT_TRUE(fields.contains(field)) << field;
  }
}

INSTANTIATE_TEST_SUITE_P(Departures, AGoldenSpec, ::testing::ValuesIn(golden_names()), folder_name);

}  // namespace
}  // namespace llmarch
