#include "kernels/engine/held.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace llmarch::fast {

Held hold_everything(const OpGraph& graph) {
  Held held;
  for (const Block& block : graph.blocks) held.layers.push_back(block.repeats);
  return held;
}

bool is_whole(const OpGraph& graph, const Held& held) {
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    if (held.layers.at(block) != graph.blocks[block].repeats) return false;
  }
  return std::all_of(graph.weights.begin(), graph.weights.end(), [&](const Weight& weight) {
    return copies_held(weight, held) == weight.copies;
  });
}

Integer copies_held(const Weight& weight, const Held& held) {
  const bool expert = component_of(weight.role) == Component::experts;
  return expert && held.experts ? std::min(weight.copies, *held.experts) : weight.copies;
}

void check_held(const OpGraph& graph, const Held& held) {
  if (held.layers.size() != graph.blocks.size()) {
    throw std::invalid_argument(fmt::format("layers of {} blocks are held, and the graph has {}",
                                            held.layers.size(), graph.blocks.size()));
  }
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    const Integer layers = held.layers[block];
    if (layers >= 1 && layers <= graph.blocks[block].repeats) continue;
    throw std::invalid_argument(fmt::format("{} layers of '{}' are held, and there are {}",
                                            layers.value(), graph.blocks[block].name,
                                            graph.blocks[block].repeats.value()));
  }
  if (!held.experts) return;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto* route = std::get_if<Route>(&node.op);
      if (route == nullptr || route->experts_per_token <= *held.experts) continue;
      throw std::invalid_argument(fmt::format("{} experts are held, and a token chooses {}",
                                              held.experts->value(),
                                              route->experts_per_token.value()));
    }
  }
}

}  // namespace llmarch::fast
