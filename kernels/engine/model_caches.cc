#include "kernels/engine/model_caches.h"

#include <algorithm>

#include "kernels/fast/first_key.h"

namespace llmarch::fast {
namespace {

struct Use {
  CacheLayout layout;
  std::size_t heads;
};

// How attention uses a cache. Latents and rotary keys are one head that all queries share.
Use use_of(const OpGraph& graph, CacheId id) {
  for (const Node& node : graph.blocks.at(graph.cache(id).block).nodes) {
    const auto* attend = std::get_if<Attend>(&node.op);
    if (attend == nullptr) continue;
    if (attend->keys == id) return {CacheLayout::keys, size(attend->kv_heads)};
    if (attend->values == id) return {CacheLayout::values, size(attend->kv_heads)};
  }
  return {CacheLayout::keys, 1};
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

CacheShape shape_of(const OpGraph& graph, CacheId id, const CacheRoom& room) {
  const llmarch::Cache& cache = graph.cache(id);
  const Use use = use_of(graph, id);
  const std::size_t positions =
      std::visit([&](const auto& reach) { return positions_within(reach, room); }, cache.reach);
  return {use.layout, room.stored, room.sequences, use.heads, size(cache.columns) / use.heads,
          positions};
}

}  // namespace

std::size_t ModelCaches::bytes(const OpGraph& graph, const CacheRoom& room, const Held& held) {
  std::size_t bytes = 0;
  for (CacheId id = 0; id < graph.caches.size(); ++id) {
    bytes += size(held.layers.at(graph.cache(id).block)) *
             HugeMemory::rounded(Cache::bytes(shape_of(graph, id, room)));
  }
  return bytes;
}

ModelCaches::ModelCaches(const OpGraph& graph, const CacheRoom& room, const Held& held)
    : graph_(&graph), memory_(bytes(graph, room, held)) {
  for (CacheId id = 0; id < graph.caches.size(); ++id) {
    layers_.emplace_back();
    for (std::size_t layer = 0; layer < size(held.layers.at(graph.cache(id).block)); ++layer) {
      layers_.back().emplace_back(memory_, shape_of(graph, id, room));
    }
  }
}

void ModelCaches::fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed) {
  for (std::vector<Cache>& layers : layers_) {
    for (Cache& cache : layers) cache.fill_synthetic(team, positions, ++seed);
  }
}

Elements ModelCaches::reachable(std::size_t positions) const {
  Elements sum;
  if (positions == 0) return sum;
  for (CacheId id = 0; id < layers_.size(); ++id) {
    const llmarch::Cache& cache = graph_->cache(id);
    const std::size_t first = fast::first_key(cache.reach, positions - 1);
    std::int64_t held = 0;
    for (const Cache& layer : layers_[id]) {
      const CacheShape& shape = layer.shape();
      held += static_cast<std::int64_t>(shape.sequences * shape.heads * shape.width *
                                        (positions - first));
    }
    sum +=
        Elements(Integer(held) / std::ssize(layers_[id]) * graph_->blocks.at(cache.block).repeats);
  }
  return sum;
}

}  // namespace llmarch::fast
