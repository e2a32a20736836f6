#include "kernels/weights/weight_store.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace llmarch {
namespace {

// SplitMix64, Steele, Lea and Flood 2014: small, and the same with every library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // Uniform in [-1, 1).
  float next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    z ^= z >> 31U;
    return static_cast<float>(z >> 40U) / static_cast<float>(1U << 23U) - 1.0F;
  }

 private:
  std::uint64_t state_;
};

}  // namespace

WeightDistribution distribution_of(const Weight& weight) {
  switch (kind_of(weight.role)) {
    case WeightKind::norm:
    case WeightKind::constant: return {1.0F, 0.1F};
    case WeightKind::bias: return {0.0F, 0.1F};
    case WeightKind::table: return {0.0F, 1.0F};
    case WeightKind::taps:
    case WeightKind::matrix:
      return {0.0F, static_cast<float>(std::sqrt(3 / weight.columns.as_double()))};
  }
  throw std::logic_error("distribution_of: a weight kind outside the enumeration");
}

void list_experts(Integer experts, std::span<float> table) {
  const auto count = static_cast<std::size_t>(experts.value());
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i % count);
}

WeightStore::WeightStore(const OpGraph& graph) {
  for (const Weight& weight : graph.weights) {
    constant_.push_back(kind_of(weight.role) == WeightKind::constant);
    const std::vector<float> zeros(size(weight.elements().amount()));
    arrays_.emplace_back(size(graph.instances(weight)), zeros);
  }
}

TakeStoredRows from_blocks(const OpGraph& graph, TakeWeight take) {
  return [&graph, take = std::move(take)](WeightId id, std::size_t layer, std::size_t copy,
                                          std::size_t first_row, BlockFormat format,
                                          std::span<const std::byte> rows) {
    const auto columns = static_cast<std::size_t>(graph.weight(id).columns.value());
    std::vector<float> row(columns);
    const std::size_t bytes = stored_row_bytes(format, columns);
    for (; !rows.empty(); rows = rows.subspan(bytes)) {
      dequantise(format, rows.first(bytes), row);
      take(id, layer, copy, first_row++, row);
    }
  };
}

TakeWeight WeightStore::take(const OpGraph& graph) {
  return [this, &graph](WeightId id, std::size_t layer, std::size_t copy, std::size_t first_row,
                        std::span<const float> rows) {
    const Weight& weight = graph.weight(id);
    const auto columns = static_cast<std::size_t>(weight.columns.value());
    const auto size = static_cast<std::size_t>(weight.elements_of_copy().value());
    const std::size_t first = first_row * (is_vector(weight.role) ? 1 : columns);
    std::copy(rows.begin(), rows.end(), of(id, layer).subspan(copy * size + first).begin());
  };
}

Elements WeightStore::held() const {
  Elements sum;
  for (WeightId id = 0; id < arrays_.size(); ++id) {
    if (constant_[id]) continue;
    for (const auto& array : arrays_[id]) sum += Elements(std::ssize(array));
  }
  return sum;
}

WeightStore synthetic_weights(const OpGraph& graph, std::uint64_t seed) {
  WeightStore store(graph);
  Random random(seed);
  for (WeightId id = 0; id < graph.weights.size(); ++id) {
    const Weight& weight = graph.weights[id];
    const auto [centre, spread] = distribution_of(weight);
    const std::optional<Integer> listed = experts_listed_in(graph, id);
    for (std::size_t layer = 0; layer < size(graph.instances(weight)); ++layer) {
      if (listed) {
        list_experts(*listed, store.of(id, layer));
        continue;
      }
      for (float& element : store.of(id, layer)) element = centre + spread * random.next();
    }
  }
  return store;
}

}  // namespace llmarch
