#include "kernels/verify/expected.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "kernels/reference/kv_cache.h"
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

// A layer that makes a choice, and the operation that makes it.
template <class Kind>
struct ChoosingLayer {
  std::size_t layer;
  Kind op;
};

template <class Kind>
std::vector<ChoosingLayer<Kind>> layers_with(const OpGraph& graph) {
  std::vector<ChoosingLayer<Kind>> layers;
  for (std::size_t layer = 0; layer < graph.layers.size(); ++layer) {
    for (const Node& node : graph.blocks.at(graph.layers[layer]).nodes) {
      if (const auto* op = std::get_if<Kind>(&node.op)) layers.push_back({layer, *op});
    }
  }
  return layers;
}

// The tensor `name` lists the layers whose choices the file holds.
template <class Kind>
void check_layers(ExpectedReader& reader, const std::string& name,
                  const std::vector<ChoosingLayer<Kind>>& layers) {
  const auto numbers = reader.integers(name, {std::ssize(layers)});
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (numbers[i] == static_cast<std::int64_t>(layers[i].layer)) continue;
    reader.fail(fmt::format("{} says layer {}, and the config says layer {}", name, numbers[i],
                            layers[i].layer));
  }
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

// Runs that follow the file's choices look them up, so that each must be there.
void check_experts(const ExpectedReader& reader, const ChoosingLayer<Route>& layer,
                   std::span<const std::int64_t> experts) {
  for (const std::int64_t expert : experts) {
    if (expert >= 0 && expert < layer.op.experts) continue;
    reader.fail(fmt::format("experts says {} in layer {}, which chooses among {}", expert,
                            layer.layer, layer.op.experts.value()));
  }
}

// What an index can choose for a query: as many blocks as it chooses, or all up to the query's own,
// which is among them where blocks are of several keys; or of entries those that are complete.
bool can_be_chosen(const ChooseKeys& op, std::size_t position,
                   std::span<const std::size_t> blocks) {
  const ChosenKeys& chosen = op.chosen;
  const std::size_t there =
      (visible(op.scored, position) + size(chosen.size) - 1) / size(chosen.size);
  if (blocks.size() != std::min(size(chosen.blocks), there)) return false;
  if (std::ranges::adjacent_find(blocks, std::greater_equal()) != blocks.end()) return false;
  if (chosen.size > 1) return blocks.back() + 1 == there;
  return blocks.empty() || blocks.back() < there;
}

void check_keys(const ExpectedReader& reader, const ChoosingLayer<ChooseKeys>& layer,
                const KeyTrace& keys) {
  for (std::size_t i = 0; i < keys.blocks.size(); ++i) {
    const std::size_t token = i / keys.groups;
    if (can_be_chosen(layer.op, token, keys.blocks[i])) continue;
    reader.fail(fmt::format("the keys of token {} in layer {} are not what its index can choose",
                            token, layer.layer));
  }
}

void load_routing(ExpectedReader& reader, const OpGraph& graph, std::int64_t tokens,
                  Expected& expected) {
  const auto layers = layers_with<Route>(graph);
  if (layers.empty()) return;
  const auto count = std::ssize(layers);
  const std::int64_t chosen = layers.front().op.experts_per_token.value();
  for (const auto& [layer, route] : layers) {
    if (route.experts_per_token == chosen) continue;
    reader.fail(fmt::format("layers that run {} and {} experts per token do not fit in one tensor",
                            chosen, route.experts_per_token.value()));
  }
  check_layers(reader, "moe_layers", layers);
  const auto experts = reader.integers("experts", {count, tokens, chosen});
  const auto weights = reader.floats("expert_weights", {count, tokens, chosen});
  const auto size = static_cast<std::size_t>(tokens * chosen);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    expected.routing.push_back({layers[i].layer, static_cast<std::size_t>(chosen),
                                slice(experts, i, size), slice(weights, i, size)});
    check_experts(reader, layers[i], expected.routing.back().experts);
  }
}

using IndexLayers = std::vector<ChoosingLayer<ChooseKeys>>;

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
void load_chosen_keys(ExpectedReader& reader, const IndexLayers& layers,
                      const std::array<std::int64_t, 2>& layers_and_tokens, Expected& expected) {
  const auto [count, tokens] = layers_and_tokens;
  const std::int64_t keys = layers.front().op.chosen.blocks.value();
  const auto stored = reader.integers("dsa_topk", {count, tokens, keys});
  const auto size = static_cast<std::size_t>(tokens * keys);
  for (const auto& [layer, index] : layers) {
    expected.keys.push_back(
        {layer, 1, without_gaps(slice(stored, layer, size), static_cast<std::size_t>(keys))});
  }
}

// (layers with an index, tokens, entries)
void load_chosen_entries(ExpectedReader& reader, const IndexLayers& layers, std::int64_t tokens,
                         Expected& expected) {
  const std::int64_t entries = layers.front().op.chosen.blocks.value();
  check_layers(reader, "csa_layers", layers);
  const auto stored = reader.integers("csa_topk", {std::ssize(layers), tokens, entries});
  const auto size = static_cast<std::size_t>(tokens * entries);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    expected.keys.push_back(
        {layers[i].layer, 1,
         without_gaps(slice(stored, i, size), static_cast<std::size_t>(entries))});
  }
}

// (layers with an index, groups, tokens, blocks)
void load_chosen_blocks(ExpectedReader& reader, const IndexLayers& layers, std::int64_t tokens,
                        Expected& expected) {
  const ChooseKeys& index = layers.front().op;
  const std::int64_t groups = index.groups.value();
  const std::int64_t blocks = index.chosen.blocks.value();
  check_layers(reader, "sparse_layers", layers);
  const auto stored =
      reader.integers("sparse_blocks", {std::ssize(layers), groups, tokens, blocks});
  const auto size = static_cast<std::size_t>(groups * tokens * blocks);
  for (std::size_t i = 0; i < layers.size(); ++i) {
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
  const IndexLayers layers = layers_with<ChooseKeys>(graph);
  if (layers.empty()) return;
  if (std::holds_alternative<Entries>(layers.front().op.scored)) {
    load_chosen_entries(reader, layers, tokens, expected);
  } else if (layers.front().op.chosen.size == 1) {
    load_chosen_keys(reader, layers, {std::ssize(graph.layers), tokens}, expected);
  } else {
    load_chosen_blocks(reader, layers, tokens, expected);
  }
  for (std::size_t i = 0; i < layers.size(); ++i) check_keys(reader, layers[i], expected.keys[i]);
}

// The vectors that a hidden state is made of, and the tensor that holds all of them.
struct Streams {
  Integer count = 1;
  std::string tensor;
};
Streams streams_of(const OpGraph& graph) {
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (const auto* predict = std::get_if<PredictStreams>(&node.op)) {
        return {predict->streams, "hidden_states_altup"};
      }
      if (const auto* mix = std::get_if<MixStreams>(&node.op)) {
        return {mix->streams, "hidden_states_hc"};
      }
    }
  }
  return {};
}

// The columns of the hidden state that enters the first layer.
Integer first_hidden(const OpGraph& graph) {
  const Block& input = graph.blocks.front();
  return input.values.at(input.output).columns;
}

// For each layer, and for the head, the states of the file that enter it side by side: that of its
// own place, and before it those that were put aside by the layers whose output is wider than their
// input.
std::vector<std::vector<std::size_t>> states_read(const OpGraph& graph) {
  std::vector<std::size_t> aside;
  std::vector<std::vector<std::size_t>> read;
  for (std::size_t layer = 0; layer <= graph.layers.size(); ++layer) {
    read.push_back(aside);
    read.back().push_back(layer);
    if (layer == graph.layers.size()) continue;
    const Block& block = graph.blocks.at(graph.layers[layer]);
    const Integer entering = block.values.at(block.input.value()).columns;
    if (block.values.at(block.output).columns > entering) aside.push_back(layer);
  }
  return read;
}

// Some of the states, (tokens, columns) each, with those of one token in one row.
std::vector<float> side_by_side(const std::vector<float>& states,
                                const std::vector<std::size_t>& read, std::int64_t tokens,
                                std::int64_t columns) {
  std::vector<float> rows;
  const auto width = static_cast<std::size_t>(columns);
  for (std::int64_t token = 0; token < tokens; ++token) {
    for (const std::size_t state : read) {
      const std::vector<float> row =
          slice(states, state * static_cast<std::size_t>(tokens) + static_cast<std::size_t>(token),
                width);
      rows.insert(rows.end(), row.begin(), row.end());
    }
  }
  return rows;
}

// Returns (layers + 1, tokens, hidden), where hidden holds all streams of a token side by side. The
// file of a model with several streams has them in a tensor of their own, (layers + 1, streams,
// tokens, width), besides that of one of them.
std::vector<float> hidden_states(ExpectedReader& reader, const OpGraph& graph,
                                 std::int64_t tokens) {
  const std::int64_t states = std::ssize(graph.layers) + 1;
  const std::int64_t hidden = first_hidden(graph).value();
  const Streams of = streams_of(graph);
  const std::int64_t width = hidden / of.count.value();
  if (hidden == width) return reader.floats("hidden_states", {states, tokens, hidden});
  reader.require("hidden_states", {states, tokens, width});
  const std::int64_t streams = hidden / width;
  const auto stored = reader.floats(of.tensor, {states, streams, tokens, width});
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

}  // namespace

Expected load_expected(const std::filesystem::path& file, const OpGraph& graph) {
  ExpectedReader reader(file);
  const std::int64_t tokens = reader.length("input_ids");
  const Block& head = graph.blocks.back();
  const std::int64_t vocabulary = head.values.at(head.output).columns.value();
  Expected expected;
  expected.input_ids = reader.integers("input_ids", {tokens});
  check_input_ids(reader, expected.input_ids, graph, token_vocabulary(graph).value());
  expected.logits = reader.floats("logits", {tokens, vocabulary});
  const auto states = hidden_states(reader, graph, tokens);
  for (const std::vector<std::size_t>& read : states_read(graph)) {
    expected.hidden.push_back(side_by_side(states, read, tokens, first_hidden(graph).value()));
  }
  load_routing(reader, graph, tokens, expected);
  load_keys(reader, graph, tokens, expected);
  reader.refuse_unknown();
  return expected;
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
