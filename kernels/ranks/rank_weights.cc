#include "kernels/ranks/rank_weights.h"

#include <algorithm>

namespace llmarch {
namespace {

// The rows and columns of a copy that are cut out, as many as there are.
void cut(const Weight& from, std::span<const float> whole, const Weight& to, const WeightPart& part,
         std::span<float> out) {
  const std::size_t columns = size(to.columns);
  for (std::size_t copy = 0; copy < size(to.copies); ++copy) {
    for (std::size_t row = 0; row < size(to.rows); ++row) {
      const std::size_t of_row = size(part.first_row) + row;
      if (of_row >= size(from.rows)) continue;
      const std::size_t of_copy = size(part.first_copy) + copy;
      const std::size_t first_column = size(part.first_column);
      if (first_column >= size(from.columns)) continue;
      const auto begin =
          whole.subspan((of_copy * size(from.rows) + of_row) * size(from.columns) + first_column)
              .begin();
      const std::size_t there = std::min(columns, size(from.columns) - first_column);
      const auto target = out.subspan((copy * size(to.rows) + row) * columns);
      std::copy_n(begin, there, target.begin());
    }
  }
}

}  // namespace

WeightStore weights_of_rank(const OpGraph& graph, const WeightStore& whole, const Shard& shard) {
  WeightStore store(shard.graph);
  for (WeightId id = 0; id < shard.graph.weights.size(); ++id) {
    const Weight& to = shard.graph.weight(id);
    const WeightPart& part = shard.weights.at(id);
    for (std::size_t layer = 0; layer < size(shard.graph.instances(to)); ++layer) {
      cut(graph.weight(part.whole), whole.of(part.whole, part.first_layer + layer), to, part,
          store.of(id, layer));
    }
  }
  return store;
}

}  // namespace llmarch
