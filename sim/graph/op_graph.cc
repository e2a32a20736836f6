#include "sim/graph/op_graph.h"

#include <algorithm>
#include <stdexcept>

#include "sim/spec/fields.h"

namespace llmarch {

bool runs_in(When when, LatentForm form) {
  switch (when) {
    case When::always: return true;
    case When::absorbed: return form == LatentForm::absorbed;
    case When::expanded: return form == LatentForm::expanded;
  }
  throw std::logic_error("runs_in: a condition outside the enumeration");
}

Integer token_vocabulary(const OpGraph& graph) {
  Integer least = kSize.most;
  for (const Node& node : graph.blocks.front().nodes) {
    const auto* embed = std::get_if<Embed>(&node.op);
    if (embed != nullptr) least = std::min(least, graph.weight(embed->table).rows);
  }
  return least;
}

std::optional<Integer> learned_positions(const OpGraph& graph) {
  for (const Node& node : graph.blocks.front().nodes) {
    if (const auto* add = std::get_if<AddPositions>(&node.op)) return graph.weight(add->table).rows;
  }
  return std::nullopt;
}

}  // namespace llmarch
