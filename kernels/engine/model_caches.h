// The caches of a run: for each cache of the graph and each layer held, keys and values as the fast
// attention reads them, with room for what a query can reach and what a step appends. This file
// knows how many positions that is.
#pragma once

#include <vector>

#include "kernels/engine/held.h"
#include "kernels/fast/cache.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

struct CacheRoom {
  Stored stored;
  std::size_t sequences;
  std::size_t positions;    // past and new, at most
  std::size_t step_tokens;  // new, at most
};

class ModelCaches {
 public:
  // The graph must outlive the caches.
  ModelCaches(const OpGraph& graph, const CacheRoom& room, const Held& held);
  static std::size_t bytes(const OpGraph& graph, const CacheRoom& room, const Held& held);

  [[nodiscard]] Cache& of(CacheId cache, std::size_t layer) { return layers_.at(cache).at(layer); }
  void fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed);
  // Elements that queries after `positions` positions can still attend to; a slice's are scaled up
  // to all layers.
  [[nodiscard]] Elements reachable(std::size_t positions) const;

 private:
  const OpGraph* graph_;
  HugeMemory memory_;
  std::vector<std::vector<Cache>> layers_;
};

}  // namespace llmarch::fast
