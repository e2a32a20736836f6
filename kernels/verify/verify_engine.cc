#include "kernels/verify/verify_engine.h"

#include <algorithm>
#include <stdexcept>

namespace llmarch::fast {
namespace {

// The reference's routing of the tokens of one step.
std::vector<RoutingTrace> routing_of(const Expected& expected, const Workload& step) {
  std::vector<RoutingTrace> routing;
  for (const RoutingTrace& whole : expected.routing) {
    const auto each = static_cast<std::int64_t>(whole.experts_per_token);
    const auto begin = whole.experts.begin() + step.past.value() * each;
    routing.push_back(
        {whole.layer, whole.experts_per_token, {begin, begin + step.tokens.value() * each}, {}});
  }
  return routing;
}

// The keys that the indices of the reference chose for the tokens of a step.
std::vector<KeyTrace> keys_of(const Expected& expected, const Workload& step) {
  std::vector<KeyTrace> keys;
  for (const KeyTrace& whole : expected.keys) {
    const auto groups = static_cast<std::int64_t>(whole.groups);
    const auto begin = whole.blocks.begin() + step.past.value() * groups;
    keys.push_back({whole.layer, whole.groups, {begin, begin + step.tokens.value() * groups}});
  }
  return keys;
}

}  // namespace

Tolerance tolerance_of(const OpGraph& graph, Stored weights) {
  const double absolute = magnifies_rounding(graph) ? 2e-3 : 1e-4;
  switch (weights) {
    case Stored::f32: return {absolute, 1e-5, 0};
    case Stored::bf16: return {absolute, 0.2, 0.25};
  }
  throw std::logic_error("tolerance_of: a format outside the enumeration");
}

Tolerance tolerance_of_formats(const OpGraph& graph) {
  const bool weights_in_float = std::ranges::all_of(graph.weights, [](const Weight& weight) {
    return is_vector(weight.role) || weight.format == plain(DType::f32);
  });
  const bool caches_in_float = std::ranges::all_of(
      graph.caches, [](const llmarch::Cache& cache) { return cache.format == plain(DType::f32); });
  return tolerance_of(graph, weights_in_float && caches_in_float ? Stored::f32 : Stored::bf16);
}

std::vector<VerifiedRun> verify(Engine& engine, const Expected& expected,
                                const Tolerance& tolerance, RecurrenceForm prefill_form) {
  const auto run_step = [&](const Workload& step, std::span<const std::int64_t> ids) {
    if (step.past == 0) engine.forget();
    if (tolerance.otherwise == 0) return engine.run(step, ids, Keep::everything).trace;
    const std::vector<RoutingTrace> routing = routing_of(expected, step);
    const std::vector<KeyTrace> keys = keys_of(expected, step);
    return engine.run_following(step, ids, {routing, keys}).trace;
  };
  return llmarch::verify(run_step, expected, tolerance, prefill_form);
}

}  // namespace llmarch::fast
