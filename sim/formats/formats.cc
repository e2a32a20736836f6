#include "sim/formats/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/graph/lower.h"

namespace llmarch {
namespace {

bool is_head(const Weight& weight) {
  return weight.role == WeightRole::head;
}

// The rows of the weight in that role, in the first block that has one; 0 where none has.
Integer rows_of(const OpGraph& graph, WeightRole role) {
  const auto found = std::ranges::find(graph.weights, role, &Weight::role);
  return found == graph.weights.end() ? Integer(0) : found->rows;
}

// Places of weights among the layers.
class Places {
 public:
  explicit Places(const OpGraph& graph) : graph_(graph) {
    for (std::size_t layer = 0; layer < graph.layers.size(); ++layer) {
      first_.try_emplace(graph.layers[layer], layer);
    }
  }

  // The place of a weight in the first layer that runs its block, or outside of layers.
  [[nodiscard]] TensorPlace first(const Weight& weight) const {
    const auto layer = first_.find(weight.block);
    if (layer == first_.end()) return {weight, std::nullopt, 0, 1};
    return in(weight, layer->second);
  }
  [[nodiscard]] TensorPlace in(const Weight& weight, std::size_t layer) const {
    const Counts& counts = counts_of(weight.role);
    return {weight, static_cast<std::int64_t>(layer), counts.before[layer], counts.all};
  }

 private:
  struct Counts {
    std::vector<Integer> before;  // each layer
    Integer all = 0;
  };
  const Counts& counts_of(WeightRole role) const {
    const auto [entry, is_new] = counts_.try_emplace(role);
    Counts& counts = entry->second;
    if (!is_new) return counts;
    std::vector<bool> has(graph_.blocks.size(), false);
    for (const Weight& weight : graph_.weights) {
      if (weight.role == role) has[weight.block] = true;
    }
    for (const std::size_t block : graph_.layers) {
      counts.before.push_back(counts.all);
      if (has[block]) counts.all += 1;
    }
    return counts;
  }

  const OpGraph& graph_;
  std::map<std::size_t, std::size_t> first_;     // layer of each block
  mutable std::map<WeightRole, Counts> counts_;  // as they are asked for
};

// In which way each layer is stored, as numbers from 0 among the layers of its kind, and how many
// ways there are. Layers are told apart by the formats of their weights, by where they are placed,
// and by the way of the layers whose caches they read, since layers of one block read from layers
// of one block.
class LayerWays {
 public:
  LayerWays(const ArchSpec& spec, const OpGraph& graph, const Scheme& scheme,
            const std::optional<Placement>& placement)
      : kinds_(layer_sequence(spec)), ways_(kinds_.size()) {
    std::vector<std::vector<std::size_t>> owners(kinds_.size());
    for (const CacheSharing& sharing : shared_caches(spec)) {
      if (*sharing.owner != sharing.layer) owners[sharing.layer].push_back(*sharing.owner);
    }
    const Places places(graph);
    const ModelShape model = shape_of(graph);
    for (std::size_t layer = 0; layer < kinds_.size(); ++layer) {
      Way way{{}, {}, placement && placement->has_layer(static_cast<std::int64_t>(layer))};
      for (const Weight& weight : graph.weights) {
        if (weight.block != graph.layers[layer]) continue;
        way.formats.push_back(scheme.format_of(places.in(weight, layer), model));
      }
      for (const std::size_t owner : owners[layer]) way.owners.push_back(ways_[owner]);
      ways_[layer] = number_of(kinds_[layer], std::move(way));
    }
  }

  [[nodiscard]] bool alike() const {
    return std::ranges::all_of(known_, [](const auto& entry) { return entry.second.size() == 1; });
  }
  [[nodiscard]] std::size_t ways(std::size_t kind) const {
    const auto found = known_.find(kind);
    return found == known_.end() ? 1 : found->second.size();
  }
  [[nodiscard]] std::size_t layers() const { return kinds_.size(); }
  [[nodiscard]] std::size_t kind(std::size_t layer) const { return kinds_[layer]; }
  [[nodiscard]] std::size_t way(std::size_t layer) const { return ways_[layer]; }

 private:
  struct Way {
    std::vector<StorageFormat> formats;
    std::vector<std::size_t> owners;
    bool placed = false;
    bool operator==(const Way&) const = default;
  };
  std::size_t number_of(std::size_t kind, Way way) {
    std::vector<Way>& ways = known_[kind];
    const auto found = std::ranges::find(ways, way);
    const auto number = static_cast<std::size_t>(found - ways.begin());
    if (found == ways.end()) ways.push_back(std::move(way));
    return number;
  }

  std::vector<std::size_t> kinds_;
  std::vector<std::size_t> ways_;
  std::map<std::size_t, std::vector<Way>> known_;  // of each kind
};

// A kind of layer for each way; kinds that are stored in one way keep their name.
ArchSpec split(ArchSpec spec, const LayerWays& ways) {
  std::vector<std::size_t> first;  // the new kinds of each old one
  std::vector<Named<Layer>> kinds;
  for (std::size_t kind = 0; kind < spec.layer.size(); ++kind) {
    first.push_back(kinds.size());
    const auto& [name, layer] = spec.layer[kind];
    const std::size_t count = ways.ways(kind);
    for (std::size_t way = 0; way < count; ++way) {
      kinds.push_back({count == 1 ? name : fmt::format("{} ({})", name, way + 1), layer});
    }
  }
  Segment segment{{}, 1};
  for (std::size_t layer = 0; layer < ways.layers(); ++layer) {
    const std::size_t kind = first[ways.kind(layer)] + ways.way(layer);
    segment.layers.push_back({kinds[kind].name, kind});
  }
  spec.layer = std::move(kinds);
  spec.stack = {std::move(segment)};
  return spec;
}

}  // namespace

ModelShape shape_of(const OpGraph& graph) {
  ModelShape shape{static_cast<std::int64_t>(graph.layers.size()), 0, 1};
  for (const Weight& weight : graph.weights) {
    if (component_of(weight.role) == Component::experts) {
      shape.experts = std::max(shape.experts, weight.copies);
    }
  }
  const Integer keys = rows_of(graph, WeightRole::key);
  if (keys > 0) shape.queries_per_key = rows_of(graph, WeightRole::query) / keys;
  shape.tied = std::ranges::none_of(graph.weights, is_head);
  return shape;
}

OpGraph with_formats(OpGraph graph, const StorageSchemes& schemes) {
  const ModelShape model = shape_of(graph);
  const Places places(graph);
  std::vector<StorageFormat> formats;
  for (const Weight& weight : graph.weights) {
    formats.push_back(schemes.weights.format_of(places.first(weight), model));
  }
  for (std::size_t i = 0; i < formats.size(); ++i) graph.weights[i].format = formats[i];
  for (Cache& cache : graph.caches) cache.format = schemes.caches.format_of(cache);
  return graph;
}

OpGraph with_layers_stored_alike(const ArchSpec& spec, const OpGraph& graph, const Scheme& weights,
                                 const std::optional<Placement>& placement) {
  const LayerWays ways(spec, graph, weights, placement);
  return ways.alike() ? graph : lower(split(spec, ways));
}

OpGraph stored_as_the_last_layer(OpGraph prediction, const OpGraph& stored,
                                 const CacheScheme& caches, const StorageFormat& other) {
  for (Weight& weight : prediction.weights) {
    const bool in_layer = prediction.blocks[weight.block].kind == BlockKind::layer;
    const auto same = std::ranges::find_if(stored.weights, [&](const Weight& of_model) {
      const bool in_last_layer = of_model.block == stored.layers.back();
      const bool outside = stored.blocks[of_model.block].kind != BlockKind::layer;
      return of_model.role == weight.role && of_model.place == weight.place &&
             (in_layer ? in_last_layer : outside);
    });
    weight.format = same == stored.weights.end() ? other : same->format;
  }
  for (Cache& cache : prediction.caches) cache.format = caches.format_of(cache);
  return prediction;
}

}  // namespace llmarch
