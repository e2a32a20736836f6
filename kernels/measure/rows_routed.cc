// Which rows go to other ranks, from the choices of experts that a run has left in its traces.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "kernels/measure/agreement.h"

namespace llmarch {
namespace {

struct Routing {
  Ranks ranks;
  ExpertPlaces places;
};

// What an operation says of the routing, if it sends rows by it.
std::optional<Routing> routing_of(const Op& op) {
  if (const auto* dispatch = std::get_if<DispatchRows>(&op)) {
    return Routing{dispatch->ranks, dispatch->places};
  }
  if (const auto* combine = std::get_if<CombineRows>(&op)) {
    return Routing{combine->ranks, combine->places};
  }
  return std::nullopt;
}

// How many rows of a trace choose an expert of the member.
Integer rows_to(const RoutingTrace& trace, const ExpertPlaces& places, Integer member) {
  const std::int64_t first = places.first_of(member).value();
  const auto is_its = [&](std::int64_t expert) {
    return expert >= first && expert < first + places.each.value();
  };
  Integer rows;
  for (auto row = trace.experts.begin(); row != trace.experts.end();) {
    const auto end = row + static_cast<std::ptrdiff_t>(trace.experts_per_token);
    if (std::any_of(row, end, is_its)) rows += 1;
    row = end;
  }
  return rows;
}

// The `index`th choice of experts in a layer, counted among those of the rank's stage.
const RoutingTrace& choice_in(const Trace& trace, std::size_t layer, std::size_t index) {
  for (const RoutingTrace& each : trace.routing) {
    if (each.layer == layer && index-- == 0) return each;
  }
  throw std::logic_error("choice_in: a layer without that choice");
}

void add_layer(const Routing& routing, std::span<const Execution> executions, std::size_t layer,
               std::size_t index, RowsRouted& rows) {
  const Ranks& ranks = routing.ranks;
  const ExpertPlaces& places = routing.places;
  const auto choice = [&](Integer member) -> const RoutingTrace& {
    return choice_in(executions[size(ranks.rank_of(member))].trace, layer, index);
  };
  for (Integer member = 0; member < ranks.count; member += 1) {
    if (member == ranks.own) continue;
    rows.leaving += rows_to(choice(ranks.own), places, member);
    rows.arriving += rows_to(choice(member), places, ranks.own);
  }
}

}  // namespace

std::vector<RowsRouted> rows_routed(std::span<const OpGraph> graphs,
                                    std::span<const Execution> executions, std::size_t rank) {
  const OpGraph& graph = graphs[rank];
  std::vector<RowsRouted> all;
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    std::size_t choices = 0;  // of experts, before the node
    const auto& nodes = graph.blocks[block].nodes;
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (std::holds_alternative<Route>(nodes[node].op)) ++choices;
      const auto routing = routing_of(nodes[node].op);
      if (!routing) continue;
      all.push_back({block, node, 0, 0});
      for (std::size_t layer = 0; layer < graph.layers.size(); ++layer) {
        if (graph.layers[layer] != block) continue;
        add_layer(*routing, executions, layer, choices - 1, all.back());
      }
    }
  }
  return all;
}

}  // namespace llmarch
