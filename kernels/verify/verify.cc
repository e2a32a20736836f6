#include "kernels/verify/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "kernels/weight_files/safetensors.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

using Shape = std::vector<std::int64_t>;

// Reads expected.safetensors, and remembers which tensors were asked for.
class ExpectedReader {
 public:
  explicit ExpectedReader(const std::filesystem::path& file) : file_(SafetensorsFile::open(file)) {}

  const TensorInfo& require(const std::string& name, const Shape& shape) {
    known_.insert(name);
    const TensorInfo* info = file_.find(name);
    if (info == nullptr) fail(fmt::format("tensor '{}' is missing", name));
    if (info->shape != shape) {
      fail(fmt::format("tensor '{}' has the shape [{}], and the config asks for [{}]", name,
                       fmt::join(info->shape, ", "), fmt::join(shape, ", ")));
    }
    return *info;
  }
  std::vector<float> floats(const std::string& name, const Shape& shape) {
    return file_.read_floats(require(name, shape));
  }
  std::vector<std::int64_t> integers(const std::string& name, const Shape& shape) {
    return file_.read_integers(require(name, shape));
  }
  // The length of a tensor with one dimension.
  std::int64_t length(const std::string& name) {
    const TensorInfo* info = file_.find(name);
    if (info == nullptr) fail(fmt::format("tensor '{}' is missing", name));
    if (info->shape.size() != 1 || info->shape[0] < 1) {
      fail(fmt::format("tensor '{}' must have one dimension and not be empty", name));
    }
    return info->shape[0];
  }
  void refuse_unknown() const {
    for (const TensorInfo& info : file_.tensors()) {
      if (!known_.contains(info.name)) {
        fail(fmt::format("tensor '{}' is nothing that can be compared", info.name));
      }
    }
  }
  [[noreturn]] void fail(const std::string& problem) const {
    throw FileError(file_.path(), problem);
  }

 private:
  SafetensorsFile file_;
  std::set<std::string> known_;
};

struct MixtureLayer {
  std::size_t layer;
  Integer experts_per_token;
};

std::vector<MixtureLayer> mixture_layers(const OpGraph& graph) {
  std::vector<MixtureLayer> layers;
  for (std::size_t layer = 0; layer < graph.layers.size(); ++layer) {
    for (const Node& node : graph.blocks.at(graph.layers[layer]).nodes) {
      if (const auto* route = std::get_if<Route>(&node.op)) {
        layers.push_back({layer, route->experts_per_token});
      }
    }
  }
  return layers;
}

template <class Value>
std::vector<Value> slice(const std::vector<Value>& all, std::size_t index, std::size_t size) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(index * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

void check_input_ids(const ExpectedReader& reader, const std::vector<std::int64_t>& ids,
                     const OpGraph& graph, std::int64_t vocabulary) {
  for (const std::int64_t id : ids) {
    if (id >= 0 && id < vocabulary) continue;
    reader.fail(fmt::format("token id {} is outside the vocabulary of {}", id, vocabulary));
  }
  const std::optional<Integer> learned = learned_positions(graph);
  if (!learned || std::ssize(ids) <= learned->value()) return;
  reader.fail(fmt::format("{} tokens, and the model has learned only {} positions", ids.size(),
                          learned->value()));
}

void load_routing(ExpectedReader& reader, const OpGraph& graph, std::int64_t tokens,
                  Expected& expected) {
  const std::vector<MixtureLayer> layers = mixture_layers(graph);
  if (layers.empty()) return;
  const auto count = std::ssize(layers);
  const std::int64_t chosen = layers.front().experts_per_token.value();
  for (const MixtureLayer& layer : layers) {
    if (layer.experts_per_token == chosen) continue;
    reader.fail(fmt::format("layers that run {} and {} experts per token do not fit in one tensor",
                            chosen, layer.experts_per_token.value()));
  }
  const auto numbers = reader.integers("moe_layers", {count});
  const auto experts = reader.integers("experts", {count, tokens, chosen});
  const auto weights = reader.floats("expert_weights", {count, tokens, chosen});
  const auto size = static_cast<std::size_t>(tokens * chosen);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (numbers[i] != static_cast<std::int64_t>(layers[i].layer)) {
      reader.fail(fmt::format("moe_layers says layer {}, and the config says layer {}", numbers[i],
                              layers[i].layer));
    }
    expected.routing.push_back({layers[i].layer, static_cast<std::size_t>(chosen),
                                slice(experts, i, size), slice(weights, i, size)});
  }
}

struct IndexLayer {
  std::size_t layer;
  ChooseKeys index;
};

std::vector<IndexLayer> index_layers(const OpGraph& graph) {
  std::vector<IndexLayer> layers;
  for (std::size_t layer = 0; layer < graph.layers.size(); ++layer) {
    for (const Node& node : graph.blocks.at(graph.layers[layer]).nodes) {
      if (const auto* index = std::get_if<ChooseKeys>(&node.op)) layers.push_back({layer, *index});
    }
  }
  return layers;
}

// The choice of each row and group: `each` indices, with -1 where there are fewer.
std::vector<std::vector<std::size_t>> without_gaps(std::span<const std::int64_t> rows,
                                                   std::size_t each) {
  std::vector<std::vector<std::size_t>> choices(rows.size() / each);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) choices[i / each].push_back(static_cast<std::size_t>(rows[i]));
  }
  return choices;
}

// (layers, tokens, keys), for all layers: those without an index repeat what they take over.
void load_chosen_keys(ExpectedReader& reader, const std::vector<IndexLayer>& layers,
                      const std::array<std::int64_t, 2>& layers_and_tokens, Expected& expected) {
  const auto [count, tokens] = layers_and_tokens;
  const std::int64_t keys = layers.front().index.chosen.blocks.value();
  const auto stored = reader.integers("dsa_topk", {count, tokens, keys});
  const auto size = static_cast<std::size_t>(tokens * keys);
  for (const auto& [layer, index] : layers) {
    expected.keys.push_back(
        {layer, 1, without_gaps(slice(stored, layer, size), static_cast<std::size_t>(keys))});
  }
}

// (layers with an index, groups, tokens, blocks)
void load_chosen_blocks(ExpectedReader& reader, const std::vector<IndexLayer>& layers,
                        std::int64_t tokens, Expected& expected) {
  const ChooseKeys& index = layers.front().index;
  const std::int64_t groups = index.groups.value();
  const std::int64_t blocks = index.chosen.blocks.value();
  const auto numbers = reader.integers("sparse_layers", {std::ssize(layers)});
  const auto stored =
      reader.integers("sparse_blocks", {std::ssize(layers), groups, tokens, blocks});
  const auto size = static_cast<std::size_t>(groups * tokens * blocks);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (numbers[i] != static_cast<std::int64_t>(layers[i].layer)) {
      reader.fail(fmt::format("sparse_layers says layer {}, and the config says layer {}",
                              numbers[i], layers[i].layer));
    }
    const auto by_group = without_gaps(slice(stored, i, size), static_cast<std::size_t>(blocks));
    KeyTrace keys{layers[i].layer, static_cast<std::size_t>(groups), {}};
    for (std::size_t row = 0; row < by_group.size(); ++row) {
      const std::size_t token = row / keys.groups;
      keys.blocks.push_back(by_group[row % keys.groups * static_cast<std::size_t>(tokens) + token]);
    }
    expected.keys.push_back(std::move(keys));
  }
}

void load_keys(ExpectedReader& reader, const OpGraph& graph, std::int64_t tokens,
               Expected& expected) {
  const std::vector<IndexLayer> layers = index_layers(graph);
  if (layers.empty()) return;
  if (layers.front().index.chosen.size == 1) {
    load_chosen_keys(reader, layers, {std::ssize(graph.layers), tokens}, expected);
  } else {
    load_chosen_blocks(reader, layers, tokens, expected);
  }
}

// The vectors that a hidden state is made of.
Integer stream_count(const OpGraph& graph) {
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (const auto* predict = std::get_if<PredictStreams>(&node.op)) return predict->streams;
    }
  }
  return 1;
}

// Returns (layers + 1, tokens, hidden), where hidden holds all streams of a token side by side. The
// file of a model with parallel streams has them in a tensor of their own, (layers + 1, streams,
// tokens, width), besides that of the active stream.
std::vector<float> hidden_states(ExpectedReader& reader, const OpGraph& graph,
                                 std::int64_t tokens) {
  const std::int64_t states = std::ssize(graph.layers) + 1;
  const Block& head = graph.blocks.back();
  const std::int64_t hidden = head.values.at(head.input.value()).columns.value();
  const std::int64_t width = hidden / stream_count(graph).value();
  if (hidden == width) return reader.floats("hidden_states", {states, tokens, hidden});
  reader.require("hidden_states", {states, tokens, width});
  const std::int64_t streams = hidden / width;
  const auto stored = reader.floats("hidden_states_altup", {states, streams, tokens, width});
  std::vector<float> rows(stored.size());
  for (std::size_t from = 0; from < stored.size(); ++from) {
    const auto at = static_cast<std::int64_t>(from);
    const std::int64_t column = at % width;
    const std::int64_t token = at / width % tokens;
    const std::int64_t stream = at / (width * tokens) % streams;
    const std::int64_t state = at / (width * tokens * streams);
    const std::int64_t to = ((state * tokens + token) * streams + stream) * width + column;
    rows[static_cast<std::size_t>(to)] = stored[from];
  }
  return rows;
}

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

// Runs the first `prefilled` tokens at once and the rest one by one.
Trace run_sequence(const RunStep& run_step, std::span<const std::int64_t> ids,
                   std::size_t prefilled) {
  Trace trace;
  for (std::size_t past = 0; past < ids.size();) {
    const std::size_t tokens = past == 0 ? prefilled : 1;
    const auto count = static_cast<std::int64_t>(tokens);
    Workload step = past == 0 ? prefill(count, 1) : decode(static_cast<std::int64_t>(past) + 1, 1);
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

Deviation compare_choices(const RoutingTrace& got, const RoutingTrace& expected,
                          const Tolerance& tolerance) {
  const std::size_t chosen = expected.experts_per_token;
  const std::size_t tokens = expected.experts.size() / chosen;
  Deviation deviation{Compared::choices, fmt::format("experts of layer {}", expected.layer), 0,
                      std::floor(tolerance.otherwise * static_cast<double>(tokens)), 0};
  for (std::size_t token = 0; token < tokens; ++token) {
    if (slice(got.experts, token, chosen) == slice(expected.experts, token, chosen)) continue;
    if (deviation.largest == 0) deviation.position = static_cast<std::int64_t>(token);
    deviation.largest += 1;
  }
  return deviation;
}

Deviation compare_keys(const KeyTrace& got, const KeyTrace& expected, const Tolerance& tolerance) {
  const auto choices = static_cast<double>(expected.blocks.size());
  Deviation deviation{Compared::choices, fmt::format("keys of layer {}", expected.layer), 0,
                      std::floor(tolerance.otherwise * choices), 0};
  for (std::size_t i = 0; i < expected.blocks.size(); ++i) {
    if (got.blocks.at(i) == expected.blocks[i]) continue;
    if (deviation.largest == 0) deviation.position = static_cast<std::int64_t>(i / expected.groups);
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
      deviations.push_back(compare_keys(got.keys.at(indexed++), want, tolerance));
    }
    // The choice in layer i is made before the layer's output.
    if (routed < expected.routing.size() && expected.routing[routed].layer == i) {
      const RoutingTrace& want = expected.routing[routed];
      const RoutingTrace& have = got.routing.at(routed++);
      deviations.push_back(compare_choices(have, want, tolerance));
      deviations.push_back(compare_floats(fmt::format("expert weights of layer {}", want.layer),
                                          have.weights, want.weights, tokens, tolerance));
    }
  }
  deviations.push_back(compare_floats("logits", got.logits, expected.logits, tokens, tolerance));
  return deviations;
}

}  // namespace

Expected load_expected(const std::filesystem::path& file, const OpGraph& graph) {
  ExpectedReader reader(file);
  const std::int64_t tokens = reader.length("input_ids");
  const Block& head = graph.blocks.back();
  const std::int64_t hidden = head.values.at(head.input.value()).columns.value();
  const std::int64_t vocabulary = head.values.at(head.output).columns.value();
  Expected expected;
  expected.input_ids = reader.integers("input_ids", {tokens});
  check_input_ids(reader, expected.input_ids, graph, token_vocabulary(graph).value());
  expected.logits = reader.floats("logits", {tokens, vocabulary});
  const auto states = hidden_states(reader, graph, tokens);
  const auto size = static_cast<std::size_t>(tokens * hidden);
  for (std::size_t i = 0; i <= graph.layers.size(); ++i) {
    expected.hidden.push_back(slice(states, i, size));
  }
  load_routing(reader, graph, tokens, expected);
  load_keys(reader, graph, tokens, expected);
  reader.refuse_unknown();
  return expected;
}

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
                                const Tolerance& tolerance) {
  const std::span<const std::int64_t> ids(expected.input_ids);
  const std::size_t part = ids.size() / 2;
  std::vector<VerifiedRun> runs;
  runs.push_back({fmt::format("prefill of {} tokens", ids.size()),
                  compare(run_sequence(run_step, ids, ids.size()), expected, tolerance)});
  if (part == 0) return runs;
  runs.push_back({fmt::format("prefill of {}, then {} tokens one by one", part, ids.size() - part),
                  compare(run_sequence(run_step, ids, part), expected, tolerance)});
  return runs;
}

std::vector<VerifiedRun> verify(const OpGraph& graph, const WeightStore& weights,
                                const Expected& expected, double tolerance) {
  std::optional<KvCaches<double>> caches;
  const auto run_step = [&](const Workload& step, std::span<const std::int64_t> ids) {
    if (step.past == 0) caches.emplace(graph, 1);
    return execute(graph, weights, *caches, ids, step).trace;
  };
  return verify(run_step, expected, Tolerance{tolerance});
}

Expected expected_of_reference(const OpGraph& graph, const WeightStore& weights,
                               std::vector<std::int64_t> input_ids) {
  KvCaches<double> caches(graph, 1);
  Workload workload = prefill(std::ssize(input_ids), 1);
  workload.logits = Logits::all;
  Trace trace = execute(graph, weights, caches, input_ids, workload).trace;
  return {std::move(input_ids), std::move(trace.hidden), std::move(trace.logits),
          std::move(trace.routing), std::move(trace.keys)};
}

}  // namespace llmarch
