#include "tests/engine/engine_agreement.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/reference/rounded.h"
#include "sim/cost/predict.h"
#include "tests/engine/engine_options.h"
#include "tests/support/different_work.h"
#include "tests/support/worse.h"

namespace llmarch::fast {
namespace {

constexpr double kTolerance = 1e-4;

std::vector<std::int64_t> some_ids(const OpGraph& graph, Integer count) {
  const std::int64_t vocabulary = token_vocabulary(graph).value();
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < count.value(); ++i) ids.push_back((11 + 7 * i) % vocabulary);
  return ids;
}

Workload past_of(const Workload& workload) {
  return prefill(workload.past, workload.batch);
}

// A NaN, and logits of another length, are no number that any tolerance admits.
double largest_difference(const std::vector<float>& left, const std::vector<float>& right) {
  if (left.size() != right.size()) return std::nan("");
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double scale = std::max(1.0, std::abs(static_cast<double>(right[i])));
    largest = worse(largest, std::abs(static_cast<double>(left[i] - right[i])) / scale);
  }
  return largest;
}

// Runs the step after its past with the reference kernels.
template <class Scalar>
Execution run_reference(const OpGraph& graph, const WeightStore& weights,
                        const Workload& workload) {
  KvCaches<Scalar> caches(graph, static_cast<std::size_t>(workload.batch.value()));
  if (workload.past > 0) {
    const auto ids = some_ids(graph, workload.past * workload.batch);
    (void)execute(graph, weights, caches, ids, past_of(workload));
  }
  const auto ids = some_ids(graph, workload.tokens * workload.batch);
  return execute(graph, weights, caches, ids, workload);
}

// Every element off by a rounding of float, up or down: the same model to an implementation in
// float.
WeightStore nudged(const OpGraph& graph, WeightStore weights, std::uint32_t seed) {
  std::mt19937 direction(seed);
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    const Integer layers = graph.instances(graph.weights[id]);
    for (std::size_t layer = 0; layer < static_cast<std::size_t>(layers.value()); ++layer) {
      for (float& element : weights.of(id, layer)) {
        element = std::nextafter(element, direction() % 2 == 0 ? -2.0F : 2.0F);
      }
    }
  }
  return weights;
}

// Vectors of one or two elements are drawn too. Near zero, the norm of such a vector is almost a
// step function, and where two vectors cancel only rounding errors are left, so on some models
// plain float arithmetic is far from double.
bool is_steep(const OpGraph& graph, const WeightStore& weights, const Workload& workload,
              const Execution& expected) {
  double largest = 0;
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    const auto beside = run_reference<Rounded>(graph, nudged(graph, weights, seed), workload);
    largest = worse(largest, largest_difference(beside.trace.logits, expected.trace.logits));
  }
  return !(largest <= kTolerance / 20);
}

std::string different_numbers(const Trace& run, const Trace& expected) {
  const double difference = largest_difference(run.logits, expected.logits);
  if (difference < kTolerance) return "";
  return "the engine's logits are off by " + std::to_string(difference);
}

// Whether the experts of any row have each other's weights.
bool weights_changed_places(const RoutingTrace& left, const RoutingTrace& right) {
  if (left.weights.size() != right.weights.size()) return false;
  const auto row_of = [&](const RoutingTrace& routing, std::size_t first) {
    const auto begin = routing.weights.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(right.experts_per_token));
  };
  for (std::size_t first = 0; first < right.weights.size(); first += right.experts_per_token) {
    std::vector<float> ours = row_of(left, first);
    std::vector<float> theirs = row_of(right, first);
    if (largest_difference(ours, theirs) < kTolerance) continue;
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    if (largest_difference(ours, theirs) < kTolerance) return true;
  }
  return false;
}

}  // namespace

bool same_choices(const Trace& left, const Trace& right) {
  for (std::size_t i = 0; i < right.keys.size(); ++i) {
    if (left.keys[i].blocks != right.keys[i].blocks) return false;
  }
  for (std::size_t i = 0; i < right.routing.size(); ++i) {
    if (left.routing[i].experts != right.routing[i].experts) return false;
    if (weights_changed_places(left.routing[i], right.routing[i])) return false;
  }
  return true;
}

std::string different_work(const OpGraph& graph, const Workload& workload, const StepRun& run) {
  return llmarch::different_work(graph, workload, run.experts_run, run.book);
}

EngineAgreement check_engine(const OpGraph& lowered, const Workload& workload,
                             const EngineWay& way) {
  const OpGraph graph = held_in(DType::f32, lowered);
  const WeightStore weights = synthetic_weights(graph, 7);
  const Integer positions = workload.past + workload.tokens;
  EngineOptions options = whole_options(graph, positions);
  options.batch = workload.batch;
  options.isa = way.isa;
  options.threads = way.threads;
  Engine engine = Engine::of(graph, options, weights);
  engine.team().use_streams(way.streams);
  if (workload.past > 0) {
    (void)engine.run(past_of(workload), some_ids(graph, workload.past * workload.batch));
  }
  const auto expected = run_reference<double>(graph, weights, workload);
  const auto ids = some_ids(graph, workload.tokens * workload.batch);
  const StepRun run = engine.run(workload, ids, Keep::everything);
  const std::string work = different_work(graph, workload, run);
  if (!work.empty()) return {work};
  if (run.cache.elements != cache_elements(graph, positions, workload.batch) ||
      run.cache.bytes != cache_bytes(graph, positions, workload.batch)) {
    return {"the engine's caches hold something else than is predicted"};
  }
  if (engine.parameters() != predict_parameters(graph).total) {
    return {"the engine holds other parameters than are predicted"};
  }
  if (!same_choices(run.trace, expected.trace)) return {"", Numbers::rerouted};
  if (run.active != expected.active) return {"the engine read other weights"};
  // Only where the numbers differ is it asked whether they had to agree: the question takes longer
  // than the answer.
  const std::string numbers = different_numbers(run.trace, expected.trace);
  if (numbers.empty()) return {};
  if (is_steep(graph, weights, workload, expected)) return {"", Numbers::steep};
  return {numbers};
}

}  // namespace llmarch::fast
