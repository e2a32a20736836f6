#include "kernels/weights/weight_store.h"

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

WeightStore::WeightStore(const OpGraph& graph) {
  for (const Weight& weight : graph.weights) {
    constant_.push_back(kind_of(weight.role) == WeightKind::constant);
    const std::vector<float> zeros(size(weight.elements().amount()));
    arrays_.emplace_back(size(graph.instances(weight)), zeros);
  }
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
    for (std::size_t layer = 0; layer < size(graph.instances(weight)); ++layer) {
      for (float& element : store.of(id, layer)) element = centre + spread * random.next();
    }
  }
  return store;
}

}  // namespace llmarch
