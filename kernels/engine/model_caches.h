// The caches of a run: for each cache of the graph and each layer held, keys and values as the fast
// attention reads them, with room for what a query can reach and what a step appends; or the fixed
// state that every step overwrites. This file knows how much room each kind takes.
#pragma once

#include <cstddef>
#include <span>
#include <variant>
#include <vector>

#include "kernels/engine/held.h"
#include "kernels/fast/cache.h"
#include "kernels/fast/fixed_state.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

struct CacheRoom {
  std::size_t sequences;
  std::size_t positions;    // past and new, at most
  std::size_t step_tokens;  // new, at most
};

// What caches hold of positions, without the padding of their blocks.
struct Holdings {
  Elements elements;
  Bytes bytes;
};

class ModelCaches {
 public:
  // The graph, in whose formats they are kept, must outlive the caches. Fixed states are zero.
  ModelCaches(const OpGraph& graph, const CacheRoom& room, const Held& held);
  static std::size_t bytes(const OpGraph& graph, const CacheRoom& room, const Held& held);

  // The cache of the `layer`th layer held. Asking for the wrong kind throws
  // std::bad_variant_access.
  [[nodiscard]] Cache& of(CacheId cache, std::size_t layer) {
    return std::get<Cache>(layers_.at(cache).at(layer));
  }
  [[nodiscard]] FixedState& state_of(CacheId cache, std::size_t layer) {
    return std::get<FixedState>(layers_.at(cache).at(layer));
  }
  void fill_synthetic(Team& team, std::size_t positions, std::uint64_t seed);
  // Sets all fixed states to zero. A growing cache is written before it is read, so the number of
  // positions is enough there.
  void clear_states();
  // The contents of all fixed states, one after the other.
  [[nodiscard]] std::vector<std::byte> states();
  // Throws std::invalid_argument when the fixed states hold another number of bytes.
  void restore_states(std::span<const std::byte> states);
  // What queries after `positions` positions can still attend to, and what fixed states hold; a
  // slice's is scaled up to all layers.
  [[nodiscard]] Holdings reachable(std::size_t positions) const;

 private:
  using Kept = std::variant<Cache, FixedState>;
  [[nodiscard]] std::vector<FixedState*> fixed_states();

  const OpGraph* graph_;
  HugeMemory memory_;
  std::vector<std::vector<Kept>> layers_;  // of each cache
};

}  // namespace llmarch::fast
