#include "tests/ranks/ranked.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "kernels/measure/agreement.h"
#include "sim/cost/predict.h"
#include "tests/support/show_work.h"
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

double largest_difference(const std::vector<float>& left, const std::vector<float>& right) {
  if (left.size() != right.size()) return std::nan("");
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double scale = std::max(1.0, std::abs(static_cast<double>(right[i])));
    largest = worse(largest, std::abs(static_cast<double>(left[i] - right[i])) / scale);
  }
  return largest;
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

std::string different_work(const OpGraph& graph, const Workload& workload, const Execution& run) {
  const Book predicted = predict_given(graph, workload, run.experts_run);
  for (const AgreementLine& line : lay_side_by_side(graph, predicted, run.book)) {
    if (line.holds()) continue;
    std::ostringstream text;
    text << line.block << ", " << line.operation << ": predicted ";
    PrintTo(line.predicted, &text);
    text << ", counted ";
    PrintTo(line.counted, &text);
    return text.str();
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

std::string differences(const OpGraph& graph, const Deployment& deployment) {
  const WeightStore weights = synthetic_weights(graph, 7);
  RankTeam<Counted> ranks({graph, weights, deployment}, 1);
  KvCaches<double> caches(graph, 1);
  for (Workload step : {prefill(kPrompt, 1), decode(kPrompt + 1, 1)}) {
    const auto ids = some_ids(graph, step.past.value(), step.tokens.value());
    const Execution whole = execute(graph, weights, caches, ids, step);
    const std::vector<Execution> parts = ranks.run(step, ids);
    const std::string values = different_values(trace_of(deployment, parts), whole.trace);
    if (!values.empty()) return values;
    step.token_ranks = expert_spread(deployment).value().data;
    for (std::size_t rank = 0; rank < parts.size(); ++rank) {
      const std::string work = different_work(ranks.shard(rank).graph, step, parts[rank]);
      if (!work.empty()) return "rank " + std::to_string(rank) + ", " + work;
    }
  }
  return "";
}

}  // namespace llmarch
