// With quantised weights: is what the engine counts what is predicted, to the byte, and are its
// numbers those of the reference kernels over the weights that the stored rows mean?
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "kernels/engine/held_formats.h"
#include "kernels/measure/holding.h"
#include "kernels/weight_files/blocks.h"
#include "sim/formats/scheme_names.h"
#include "tests/engine/engine_agreement.h"
#include "tests/engine/engine_options.h"
#include "tests/engine/wide_models.h"

namespace llmarch::fast {
namespace {

RunSetting run_with(const std::string& weights) {
  const auto read = read_scheme(weights);
  return {{.weights = read.value.value(), .kv = DType::f32}, 1};
}

// The weights that the stored rows mean.
WeightStore as_stored(const OpGraph& graph, WeightStore weights) {
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    const Weight& weight = graph.weight(id);
    if (is_vector(weight.role)) continue;
    const MatrixFormat format = matrix_format_of(weight);
    const std::size_t columns = size(weight.columns);
    for (std::size_t layer = 0; layer < size(graph.instances(weight)); ++layer) {
      const std::span<float> elements = weights.of(id, layer);
      for (std::size_t at = 0; at < elements.size(); at += columns) {
        const auto row = elements.subspan(at, columns);
        if (is_plain(format)) {
          for (float& x : row) x = rounded(stored_of(format), x);
        } else {
          dequantise(block_format(format), quantise(block_format(format), row), row);
        }
      }
    }
  }
  return weights;
}

struct Case {
  const char* name;
  ArchSpec (*spec)();
};

class QuantisedEngine : public testing::TestWithParam<std::tuple<Case, const char*>> {
 protected:
  const Model model_ = make_model(std::get<0>(GetParam()).spec(), {});
  const OpGraph graph_ = held_graph(model_, run_with(std::get<1>(GetParam())));
  const WeightStore weights_ = synthetic_weights(graph_, 7);
};

TEST_P(QuantisedEngine, CountsTheBytesThatArePredicted) {
  ASSERT_FALSE(without_kernels(graph_).has_value());
  Engine engine = Engine::synthetic(graph_, whole_options(graph_, 6), 1);
  const StepRun prompt = engine.run(prefill(5, 1), std::vector<std::int64_t>{1, 2, 3, 4, 5});
  const StepRun step = engine.run(decode(6, 1), std::vector<std::int64_t>{6});
  EXPECT_EQ(different_work(graph_, prefill(5, 1), prompt), "");
  EXPECT_EQ(different_work(graph_, decode(6, 1), step), "");
  EXPECT_EQ(engine.parameters(), model_.parameters.total);
}

// Each product rounds its activations to 1/127 of the largest in a group, and eight layers add
// their roundings up: they departed by 1 to 3 % of the largest logit when this was written.
// Rounding may change a router's choice, so rows go to the reference's experts.
TEST_P(QuantisedEngine, IsNearTheReferenceOverTheStoredWeights) {
  const WeightStore stored_weights = as_stored(graph_, weights_);
  KvCaches<double> caches(graph_, 1);
  const std::vector<std::int64_t> ids{1, 2, 3, 4, 5};
  Workload workload = prefill(5, 1);
  workload.logits = Logits::all;
  const Execution expected = execute(graph_, stored_weights, caches, ids, workload);
  Engine engine = Engine::of(graph_, whole_options(graph_, 5), weights_);
  const StepRun run =
      engine.run_following(workload, ids, {expected.trace.routing, expected.trace.keys});
  EXPECT_LT(largest_departure(run.trace.logits, expected.trace.logits),
            0.05 * largest(expected.trace.logits));
}

std::string case_name(const testing::TestParamInfo<QuantisedEngine::ParamType>& info) {
  std::string name = std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param);
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, QuantisedEngine,
    testing::Combine(testing::Values(Case{"dense", wide_dense}, Case{"mixture", wide_mixture},
                                     Case{"latent", wide_latent}),
                     testing::Values("q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k_m",
                                     "q4_k_m", "q5_k_m", "iq4_nl", "iq4_xs", "mxfp4", "mxfp4_moe",
                                     "w8a8-int8")),
    case_name);

}  // namespace
}  // namespace llmarch::fast
