#include "sim/study/explain.h"

#include <cmath>

namespace llmarch {
namespace {

// `graph` with `layers` layers of one block and none of the others.
OpGraph with_only(OpGraph graph, std::size_t block, Integer layers) {
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    graph.blocks[b].repeats = b == block ? layers : Integer(0);
  }
  return graph;
}

QuantityValue figure_of(const Quantity& quantity, const Model& model, const OpGraph& graph,
                        const Setting& setting) {
  const Model part{model.spec,   graph, predict_parameters(graph), {},
                   std::nullopt, {},    model.published_in};
  const ModelCurves curves(part, setting, graph);
  return evaluate(quantity, curves, setting.context, setting.prefill_tokens());
}

// Exact for whole numbers; for times, up to the rounding of a sum.
bool same(const QuantityValue& a, const QuantityValue& b) {
  const auto* left = std::get_if<Integer>(&a);
  const auto* right = std::get_if<Integer>(&b);
  if (left != nullptr && right != nullptr) return *left == *right;
  return std::abs(as_double(a) - as_double(b)) <= 1e-9 * std::abs(as_double(a));
}

QuantityValue sum(const QuantityValue& a, const QuantityValue& b) {
  const auto* left = std::get_if<Integer>(&a);
  const auto* right = std::get_if<Integer>(&b);
  if (left != nullptr && right != nullptr) return *left + *right;
  return as_double(a) + as_double(b);
}

}  // namespace

std::vector<LayerShare> shares_of_layers(const Quantity& quantity, const Model& model,
                                         const Setting& setting) {
  const OpGraph graph = stored(model, setting);
  const QuantityValue whole = figure_of(quantity, model, graph, setting);
  std::vector<LayerShare> shares;
  QuantityValue total = Integer(0);
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    const Block& block = graph.blocks[b];
    const auto figure = [&](Integer layers) {
      return figure_of(quantity, model, with_only(graph, b, layers), setting);
    };
    const QuantityValue all = figure(block.repeats);
    total = sum(total, all);
    if (as_double(all) == 0) continue;
    shares.push_back({block.name, block.repeats, figure(1), all});
  }
  if (!same(whole, total)) shares.clear();
  return shares;
}

}  // namespace llmarch
