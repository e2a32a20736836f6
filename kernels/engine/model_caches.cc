#include "kernels/engine/model_caches.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/engine/held_caches.h"
#include "kernels/fast/first_key.h"

namespace llmarch::fast {
namespace {

CacheLayout layout_for(CacheSide side) {
  switch (side) {
    case CacheSide::keys: return CacheLayout::keys;
    case CacheSide::values: return CacheLayout::values;
  }
  throw std::logic_error("layout_for: a side outside the enumeration");
}

std::size_t positions_within(const EveryKey&, const CacheRoom& room) {
  return room.positions;
}
std::size_t positions_within(const Window& window, const CacheRoom& room) {
  return std::min(room.positions, size(window.size) + room.step_tokens);
}
std::size_t positions_within(const Chunk& chunk, const CacheRoom& room) {
  return std::min(room.positions, size(chunk.size) + room.step_tokens);
}

std::size_t positions_within(const ChosenKeys&, const CacheRoom& room) {
  return room.positions;
}
std::size_t positions_within(const Entries& entries, const CacheRoom& room) {
  return room.positions / size(entries.positions);
}
std::size_t positions_within(const Striped& striped, const CacheRoom& room) {
  return room.positions / size(striped.every) + 1;
}

CacheShape cache_of(const OpGraph& graph, CacheId id, const CacheRoom& room, std::size_t entries) {
  const ReadsCache read = read_of(graph, id);
  const llmarch::Cache& cache = graph.cache(id);
  return {layout_for(cache.side), cache_format_of(cache),           room.sequences,
          size(read.heads),       size(cache.columns / read.heads), entries};
}

// What is made for each kind of state, with room for its entries.
struct ShapeOf {
  const OpGraph& graph;
  CacheId id;
  const CacheRoom& room;
  using Shape = std::variant<CacheShape, StateShape>;

  Shape operator()(const Growing& growing) const {
    const auto positions =
        std::visit([&](const auto& reach) { return positions_within(reach, room); }, growing.reach);
    return cache_of(graph, id, room, positions);
  }
  Shape operator()(const Fixed&) const {
    const llmarch::Cache& cache = graph.cache(id);
    return StateShape{cache_format_of(cache), room.sequences, size(cache.columns)};
  }
  Shape operator()(const Compressed& compressed) const {
    return cache_of(graph, id, room, room.positions / size(compressed.positions));
  }
  // It holds the positions of two groups at most, and those that a step appends.
  Shape operator()(const Waiting& waiting) const {
    const std::size_t held = 2 * size(waiting.positions) + room.step_tokens;
    return cache_of(graph, id, room, std::min(room.positions, held));
  }
};

ShapeOf::Shape shape_of(const OpGraph& graph, CacheId id, const CacheRoom& room) {
  return std::visit(ShapeOf{graph, id, room}, graph.cache(id).state);
}

// Entries of one sequence that a later query can reach after `positions` positions.
std::size_t entries_after(std::size_t positions, const Growing& growing) {
  return positions - fast::first_key(growing.reach, positions - 1);
}
std::size_t entries_after(std::size_t, const Fixed&) {
  return 1;
}
std::size_t entries_after(std::size_t positions, const Compressed& compressed) {
  return positions / size(compressed.positions);
}
std::size_t entries_after(std::size_t positions, const Waiting& waiting) {
  const std::size_t own = positions % size(waiting.positions);
  const bool again = waiting.until == Waiting::For::next_group && own < positions;
  return again ? own + size(waiting.positions) : own;
}

// One entry of every sequence.
Holdings entry_of(const Cache& cache) {
  const CacheShape& shape = cache.shape();
  const std::size_t elements = shape.sequences * shape.heads * shape.width;
  const std::size_t bytes = shape.sequences * cache.position_bytes();
  return {Elements(static_cast<std::int64_t>(elements)), Bytes(static_cast<std::int64_t>(bytes))};
}
Holdings entry_of(const FixedState& state) {
  const std::size_t elements = state.shape().sequences * state.shape().columns;
  const std::size_t bytes = entry_bytes(state.shape().format, elements);
  return {Elements(static_cast<std::int64_t>(elements)), Bytes(static_cast<std::int64_t>(bytes))};
}

}  // namespace

std::size_t ModelCaches::bytes(const OpGraph& graph, const CacheRoom& room, const Held& held) {
  std::size_t bytes = 0;
  for (CacheId id = 0; id < graph.caches.size(); ++id) {
    const auto each =
        std::visit(Overloaded{[](const CacheShape& shape) { return Cache::bytes(shape); },
                              [](const StateShape& shape) { return FixedState::bytes(shape); }},
                   shape_of(graph, id, room));
    bytes += size(held.layers.at(graph.cache(id).block)) * HugeMemory::rounded(each);
  }
  return bytes;
}

ModelCaches::ModelCaches(const OpGraph& graph, const CacheRoom& room, const Held& held)
    : graph_(&graph), memory_(bytes(graph, room, held)) {
  const Overloaded make{
      [&](const CacheShape& shape) -> Kept { return Cache(memory_, shape); },
      [&](const StateShape& shape) -> Kept { return FixedState(memory_, shape); }};
  for (CacheId id = 0; id < graph.caches.size(); ++id) {
    layers_.emplace_back();
    for (std::size_t layer = 0; layer < size(held.layers.at(graph.cache(id).block)); ++layer) {
      layers_.back().push_back(std::visit(make, shape_of(graph, id, room)));
    }
  }
}

void ModelCaches::fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed) {
  const Overloaded fill{[&](Cache& cache) { cache.fill_synthetic(team, positions, ++seed); },
                        [&](FixedState& state) { state.fill_synthetic(++seed); }};
  for (std::vector<Kept>& layers : layers_) {
    for (Kept& kept : layers) std::visit(fill, kept);
  }
}

std::vector<FixedState*> ModelCaches::fixed_states() {
  std::vector<FixedState*> states;
  for (std::vector<Kept>& layers : layers_) {
    for (Kept& kept : layers) {
      if (auto* state = std::get_if<FixedState>(&kept)) states.push_back(state);
    }
  }
  return states;
}

void ModelCaches::clear_states() {
  for (FixedState* state : fixed_states()) state->clear();
}

std::vector<std::byte> ModelCaches::states() {
  std::vector<std::byte> bytes;
  for (const FixedState* state : fixed_states()) {
    const auto more = state->memory();
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  return bytes;
}

void ModelCaches::restore_states(std::span<const std::byte> states) {
  std::size_t held = 0;
  for (const FixedState* state : fixed_states()) held += state->memory().size();
  if (states.size() != held) {
    throw std::invalid_argument("ModelCaches::restore_states: a snapshot of other states");
  }
  for (FixedState* state : fixed_states()) {
    std::ranges::copy(states.first(state->memory().size()), state->memory().begin());
    states = states.subspan(state->memory().size());
  }
}

Holdings ModelCaches::reachable(std::size_t positions) const {
  Holdings sum;
  if (positions == 0) return sum;
  for (CacheId id = 0; id < layers_.size(); ++id) {
    const llmarch::Cache& cache = graph_->cache(id);
    const auto entries = static_cast<std::int64_t>(std::visit(
        [&](const auto& state) { return entries_after(positions, state); }, cache.state));
    Holdings held;
    for (const Kept& layer : layers_[id]) {
      const Holdings each = std::visit([](const auto& kept) { return entry_of(kept); }, layer);
      held.elements += each.elements * entries;
      held.bytes += each.bytes * entries;
    }
    const Integer layers = std::ssize(layers_[id]);
    const Integer all = graph_->blocks.at(cache.block).repeats;
    sum.elements += Elements(held.elements.amount() / layers * all);
    sum.bytes += Bytes(held.bytes.amount() / layers * all);
  }
  return sum;
}

}  // namespace llmarch::fast
