#include "tests/ranks/ranked.h"

#include <algorithm>
#include <cmath>

#include "tests/support/chunks.h"
#include "tests/support/different_work.h"
#include "tests/support/worse.h"

namespace llmarch {
namespace {

// Sums in another order differ by a few roundings of double; traces are kept as floats.
constexpr double kTolerance = 1e-5;
constexpr std::int64_t kPrompt = 5;

std::vector<std::int64_t> some_ids(const OpGraph& graph, std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> ids;
  for (std::int64_t i = first; i < first + count; ++i) {
    ids.push_back((11 + 7 * i) % token_vocabulary(graph).value());
  }
  return ids;
}

// Relative to the whole where that is above 1.
double difference_of(float ranks, float whole) {
  if (ranks == whole || (std::isnan(ranks) && std::isnan(whole))) return 0;
  const double scale = std::max(1.0, std::abs(static_cast<double>(whole)));
  return std::abs(static_cast<double>(ranks) - static_cast<double>(whole)) / scale;
}

bool all_finite(const Trace& trace) {
  const auto finite = [](const std::vector<float>& values) {
    return std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
  };
  return std::ranges::all_of(trace.hidden, finite) && finite(trace.logits);
}

std::string different_values(const Trace& ranks, const Trace& whole) {
  if (ranks.hidden.size() != whole.hidden.size()) return "another number of layers";
  for (std::size_t i = 0; i < whole.hidden.size(); ++i) {
    const double difference = largest_difference(ranks.hidden[i], whole.hidden[i]);
    if (difference < kTolerance) continue;
    return "hidden state " + std::to_string(i) + " is off by " + std::to_string(difference);
  }
  if (ranks.routing.size() != whole.routing.size()) return "another number of routers";
  for (std::size_t i = 0; i < whole.routing.size(); ++i) {
    if (ranks.routing[i].experts != whole.routing[i].experts) return "other experts";
  }
  const double difference = largest_difference(ranks.logits, whole.logits);
  return difference < kTolerance ? "" : "logits are off by " + std::to_string(difference);
}

// The first rank that has done something else than is predicted, and what.
std::string different_work_of(const RankTeam<Counted>& ranks, const Workload& step,
                              const std::vector<Execution>& runs) {
  std::vector<OpGraph> graphs;
  for (std::size_t rank = 0; rank < runs.size(); ++rank) graphs.push_back(ranks.shard(rank).graph);
  for (std::size_t rank = 0; rank < runs.size(); ++rank) {
    const std::string work = different_work(graphs[rank], step, runs[rank].experts_run,
                                            runs[rank].book, rows_routed(graphs, runs, rank));
    if (!work.empty()) return "rank " + std::to_string(rank) + ", " + work;
  }
  return "";
}

}  // namespace

Deployment deployment_named(const std::string& text) {
  return read_deployment(text).value.value();
}

std::string refusal(const OpGraph& graph, const Deployment& deployment) {
  try {
    (void)shard(graph, deployment, 0);
    return "";
  } catch (const CannotShard& refused) {
    return refused.what();
  }
}

double largest_difference(const std::vector<float>& ranks, const std::vector<float>& whole) {
  if (ranks.size() != whole.size()) return std::nan("");
  double largest = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    largest = worse(largest, difference_of(ranks[i], whole[i]));
  }
  return largest;
}

RankedRun run_on_ranks(const OpGraph& graph, const Deployment& deployment) {
  const WeightStore weights = synthetic_weights(graph, 7);
  RankTeam<Counted> ranks({graph, weights, deployment}, 1);
  KvCaches<double> caches(graph, 1);
  RankedRun run;
  const Workload by_chunks = by_chunk({1, kPrompt + 1, 4, {}, Logits::last});
  for (const Workload& step : {prefill(kPrompt, 1), decode(kPrompt + 1, 1), by_chunks}) {
    const auto ids = some_ids(graph, step.past.value(), step.tokens.value());
    const Execution whole = execute(graph, weights, caches, ids, step);
    const std::vector<Execution> parts = ranks.run(step, ids);
    run.finite = run.finite && all_finite(whole.trace);
    run.difference = different_values(trace_of(deployment, parts), whole.trace);
    if (run.difference.empty()) {
      run.difference = different_work_of(ranks, workload_of_rank(deployment, step), parts);
    }
    if (!run.difference.empty()) break;
  }
  return run;
}

}  // namespace llmarch
