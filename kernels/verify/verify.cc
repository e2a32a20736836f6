#include "kernels/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace llmarch {
namespace {

// Appends what one step returned to what the steps before it returned.
void append(Trace& whole, const Trace& chunk) {
  whole.hidden.resize(chunk.hidden.size());
  for (std::size_t i = 0; i < chunk.hidden.size(); ++i) {
    whole.hidden[i].insert(whole.hidden[i].end(), chunk.hidden[i].begin(), chunk.hidden[i].end());
  }
  if (whole.routing.empty()) {
    whole.routing = chunk.routing;
  } else {
    for (std::size_t i = 0; i < chunk.routing.size(); ++i) {
      const RoutingTrace& more = chunk.routing[i];
      RoutingTrace& to = whole.routing[i];
      to.experts.insert(to.experts.end(), more.experts.begin(), more.experts.end());
      to.weights.insert(to.weights.end(), more.weights.begin(), more.weights.end());
    }
  }
  whole.keys.resize(chunk.keys.size());
  for (std::size_t i = 0; i < chunk.keys.size(); ++i) {
    const KeyTrace& more = chunk.keys[i];
    KeyTrace& to = whole.keys[i];
    to.layer = more.layer;
    to.groups = more.groups;
    to.blocks.insert(to.blocks.end(), more.blocks.begin(), more.blocks.end());
  }
  whole.logits.insert(whole.logits.end(), chunk.logits.begin(), chunk.logits.end());
}

// Runs the first `prefilled` tokens at once, recurrences in that form, and the rest one by one.
Trace run_sequence(const RunStep& run_step, std::span<const std::int64_t> ids,
                   std::size_t prefilled, RecurrenceForm form) {
  Trace trace;
  for (std::size_t past = 0; past < ids.size();) {
    const std::size_t tokens = past == 0 ? prefilled : 1;
    const auto count = static_cast<std::int64_t>(tokens);
    Workload step = past == 0 ? prefill(count, 1) : decode(static_cast<std::int64_t>(past) + 1, 1);
    if (past == 0) step.forms.recurrence = form;
    step.logits = Logits::all;
    step.sequence_length = std::ssize(ids);
    append(trace, run_step(step, ids.subspan(past, tokens)));
    past += tokens;
  }
  return trace;
}

Deviation compare_floats(std::string what, const std::vector<float>& got,
                         const std::vector<float>& expected, std::size_t tokens,
                         const Tolerance& tolerance) {
  Deviation deviation{Compared::floats, std::move(what), 0, tolerance.absolute, 0};
  const std::size_t columns = expected.size() / tokens;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double relative = tolerance.relative * std::abs(expected[i]);
    if (std::isfinite(relative)) deviation.allowed = std::max(deviation.allowed, relative);
    double error = std::abs(static_cast<double>(got.at(i)) - static_cast<double>(expected[i]));
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    if (error > deviation.largest) {
      deviation.largest = error;
      deviation.position = static_cast<std::int64_t>(i / columns);
    }
  }
  return deviation;
}

// Counts the tokens that choose otherwise in any of their choices.
template <class Choice>
Deviation compare_choices(std::string what, const std::vector<Choice>& got,
                          const std::vector<Choice>& expected, std::size_t tokens,
                          const Tolerance& tolerance) {
  Deviation deviation{Compared::choices, std::move(what), 0,
                      std::floor(tolerance.otherwise * static_cast<double>(tokens)), 0};
  const std::size_t each = expected.size() / tokens;
  for (std::size_t token = 0; token < tokens; ++token) {
    bool same = true;
    for (std::size_t i = token * each; i < (token + 1) * each; ++i) {
      same = same && got.at(i) == expected[i];
    }
    if (same) continue;
    if (deviation.largest == 0) deviation.position = static_cast<std::int64_t>(token);
    deviation.largest += 1;
  }
  return deviation;
}

std::vector<Deviation> compare(const Trace& got, const Expected& expected,
                               const Tolerance& tolerance) {
  const std::size_t tokens = expected.input_ids.size();
  std::vector<Deviation> deviations;
  std::size_t routed = 0;
  std::size_t indexed = 0;
  for (std::size_t i = 0; i < expected.hidden.size(); ++i) {
    deviations.push_back(compare_floats(
        i == 0 ? "hidden state into layer 0" : fmt::format("hidden state out of layer {}", i - 1),
        got.hidden.at(i), expected.hidden[i], tokens, tolerance));
    if (indexed < expected.keys.size() && expected.keys[indexed].layer == i) {
      const KeyTrace& want = expected.keys[indexed];
      deviations.push_back(compare_choices(fmt::format("keys of layer {}", want.layer),
                                           got.keys.at(indexed++).blocks, want.blocks, tokens,
                                           tolerance));
    }
    // The choice in layer i is made before the layer's output.
    if (routed < expected.routing.size() && expected.routing[routed].layer == i) {
      const RoutingTrace& want = expected.routing[routed];
      const RoutingTrace& have = got.routing.at(routed++);
      deviations.push_back(compare_choices(fmt::format("experts of layer {}", want.layer),
                                           have.experts, want.experts, tokens, tolerance));
      deviations.push_back(compare_floats(fmt::format("expert weights of layer {}", want.layer),
                                          have.weights, want.weights, tokens, tolerance));
    }
  }
  deviations.push_back(compare_floats("logits", got.logits, expected.logits, tokens, tolerance));
  return deviations;
}

}  // namespace

std::optional<Deviation> VerifiedRun::first_departure() const {
  for (const Deviation& deviation : deviations) {
    if (!deviation.holds()) return deviation;
  }
  return std::nullopt;
}

double VerifiedRun::largest_error() const {
  double largest = 0;
  for (const Deviation& deviation : deviations) {
    if (deviation.compared == Compared::floats) largest = std::max(largest, deviation.largest);
  }
  return largest;
}

bool magnifies_rounding(const OpGraph& graph) {
  const auto is_delta_rule = [](const Node& node) {
    const auto* recurrence = std::get_if<Recurrence>(&node.op);
    return recurrence != nullptr && recurrence->strength.has_value();
  };
  const auto runs_delta_rule = [&](const Block& block) {
    return std::ranges::any_of(block.nodes, is_delta_rule);
  };
  return std::ranges::any_of(graph.blocks, runs_delta_rule);
}

double published_tolerance(const OpGraph& graph) {
  return magnifies_rounding(graph) ? 1e-3 : 1e-4;
}

std::vector<VerifiedRun> verify(const RunStep& run_step, const Expected& expected,
                                const Tolerance& tolerance, RecurrenceForm prefill_form) {
  const std::span<const std::int64_t> ids(expected.input_ids);
  const auto run = [&](std::string name, std::size_t prefilled) {
    return VerifiedRun{
        std::move(name),
        compare(run_sequence(run_step, ids, prefilled, prefill_form), expected, tolerance)};
  };
  const char* const chunks = prefill_form == RecurrenceForm::by_chunk ? " by chunks" : "";
  const std::size_t part = ids.size() / 2;
  std::vector<VerifiedRun> runs;
  runs.push_back(run(fmt::format("prefill of {} tokens{}", ids.size(), chunks), ids.size()));
  if (part == 0) return runs;
  runs.push_back(run(
      fmt::format("prefill of {}{}, then {} tokens one by one", part, chunks, ids.size() - part),
      part));
  return runs;
}

std::vector<VerifiedRun> verify(const OpGraph& graph, const WeightStore& weights,
                                const Expected& expected, double tolerance,
                                RecurrenceForm prefill_form) {
  std::optional<KvCaches<double>> caches;
  const auto run_step = [&](const Workload& step, std::span<const std::int64_t> ids) {
    if (step.past == 0) caches.emplace(graph, 1);
    return execute(graph, weights, *caches, ids, step).trace;
  };
  return verify(run_step, expected, Tolerance{tolerance}, prefill_form);
}

}  // namespace llmarch
