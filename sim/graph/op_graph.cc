#include "sim/graph/op_graph.h"

#include <algorithm>

#include "sim/spec/fields.h"

namespace llmarch {

bool runs(const Block& block, std::size_t node, const Forms& forms) {
  return std::ranges::all_of(block.forms, [&](const FormNodes& nodes) {
    return node < nodes.first || node >= nodes.last || is_chosen(forms, nodes.form);
  });
}

std::vector<ReadsExperts> experts_read_by(const Op& op) {
  std::vector<ReadsExperts> reads;
  visit_operands(op, Overloaded{[&](const ReadsExperts& each) { reads.push_back(each); },
                                [](const ReadsWeight&) {}, [](const LooksUp&) {},
                                [](const ReadsToCompress&) {}, [](const OfValues auto&) {},
                                [](const OfCaches auto&) {}});
  return reads;
}

std::optional<Integer> experts_listed_in(const OpGraph& graph, WeightId weight) {
  for (const Node& node : graph.blocks.at(graph.weight(weight).block).nodes) {
    const auto* route = std::get_if<Route>(&node.op);
    if (route != nullptr && route->listed == weight) return route->experts;
  }
  return std::nullopt;
}

Integer token_vocabulary(const OpGraph& graph) {
  Integer least = kSize.most;
  for (const Node& node : graph.blocks.front().nodes) {
    const auto* embed = std::get_if<Embed>(&node.op);
    if (embed == nullptr) continue;
    const Integer rows = embed->share ? embed->share->all : graph.weight(embed->table).rows;
    least = std::min(least, rows);
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
