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
  const ModelCurves curves(model, setting, graph);
  return evaluate(quantity, curves, setting.context, setting.prefill_tokens());
}

// The model with that graph alone, and nothing beside it.
Model part_with(const Model& model, OpGraph graph) {
  Parameters parameters = predict_parameters(graph);
  return {model.spec, std::move(graph),  std::move(parameters), {}, std::nullopt,
          {},         model.published_in};
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
      const Model part = part_with(model, with_only(graph, b, layers));
      return figure_of(quantity, part, part.graph, setting);
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
