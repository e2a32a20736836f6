#include "sim/graph/formats.h"

namespace llmarch {

FormatPolicy uniform(DType weights, DType kv) {
  return {plain(weights), plain(weights), plain(kv)};
}

OpGraph with_formats(OpGraph graph, const FormatPolicy& policy) {
  for (Weight& weight : graph.weights) {
    weight.format = is_vector(weight.role) ? policy.vectors : policy.matrices;
  }
  for (Cache& cache : graph.caches) {
    if (!is_always_f32(cache.state)) cache.format = policy.caches;
  }
  return graph;
}

}  // namespace llmarch
