#include "sim/study/operations.h"

#include <stdexcept>

#include "sim/cost/op_cost.h"
#include "sim/study/ranks.h"

namespace llmarch {
namespace {

std::vector<WeightId> weights_read(const Op& op) {
  std::vector<WeightId> weights;
  const auto add = [&](WeightId id) { weights.push_back(id); };
  visit_operands(op, Overloaded{[&](const ReadsWeight& each) { add(each.weight); },
                                [&](const LooksUp& each) { add(each.table); },
                                [&](const ReadsExperts& each) { add(each.weight); },
                                [&](const ReadsToCompress& each) { add(each.weight); },
                                [](const OfValues auto&) {}, [](const OfCaches auto&) {}});
  return weights;
}

BlockFigures block_figures(const OpGraph& graph, const Block& block, const Workload& workload) {
  BlockFigures figures{block.name, block.repeats, {}, {}, {}};
  Work one_layer = Work::none();
  Work all_layers = Work::none();
  for (std::size_t n = 0; n < block.nodes.size(); ++n) {
    if (!runs(block, n, workload.forms)) continue;
    const Node& node = block.nodes[n];
    const Price of_one_layer = price(graph, block, node.op);
    one_layer += evaluate(of_one_layer, workload, 1);
    const Work work = evaluate(of_one_layer, workload, block.repeats);
    all_layers += work;
    figures.operations.push_back({node.name, step_of(work)});
  }
  figures.one_layer = step_of(one_layer);
  figures.all_layers = step_of(all_layers);
  return figures;
}

}  // namespace

OperationTable operation_table(const Model& model, Phase phase, const Setting& setting) {
  const Workload workload = workload_of_first_rank(phase, setting);
  const OpGraph graph = graph_of_first_rank(model, setting);
  OperationTable table{phase, setting, {}, step_of(predict_total(graph, workload))};
  for (const Block& block : graph.blocks) {
    table.blocks.push_back(block_figures(graph, block, workload));
  }
  return table;
}

std::vector<WeightUse> weight_uses(const OpGraph& graph) {
  std::vector<WeightUse> uses;
  for (const Block& block : graph.blocks) {
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      // All forms of a mixer read the same weights, so one form lists each parameter once.
      if (!runs(block, n, Forms{})) continue;
      const Node& node = block.nodes[n];
      std::vector<Weight> weights;
      for (const WeightId id : weights_read(node.op)) weights.push_back(graph.weight(id));
      if (weights.empty()) continue;
      Elements parameters;
      for (const Weight& weight : weights) parameters += weight.elements();
      uses.push_back({block.name, node.name, block.repeats, std::move(weights), parameters});
    }
  }
  return uses;
}

std::vector<HeldWeight> held_weights(const OpGraph& graph) {
  std::vector<HeldWeight> held;
  for (const Weight& weight : graph.weights) {
    const Block& block = graph.blocks.at(weight.block);
    const bool constant = kind_of(weight.role) == WeightKind::constant;
    held.push_back(
        {block.name, block.repeats, "", weight, constant ? Elements(0) : weight.elements()});
  }
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      for (const WeightId id : weights_read(node.op)) {
        std::string& operation = held.at(id).operation;
        if (operation.empty()) operation = node.name;
      }
    }
  }
  return held;
}

}  // namespace llmarch
