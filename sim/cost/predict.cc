#include "sim/cost/predict.h"

#include <map>

#include "sim/cost/op_cost.h"
#include "sim/cost/reach_cost.h"

namespace llmarch {
namespace {

template <class Visit>
void for_each_running_node(const OpGraph& graph, const Workload& workload, const Visit& visit) {
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    const std::vector<Node>& nodes = graph.blocks[block].nodes;
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (runs_in(nodes[node].when, workload.latent_form)) visit(block, node);
    }
  }
}

Elements parameters_of_role(const OpGraph& graph, WeightRole role) {
  Elements sum;
  for (const Weight& weight : graph.weights) {
    if (weight.role == role) sum += weight.elements() * graph.instances(weight);
  }
  return sum;
}

// Experts that a token passes by: all but those it chooses, in every layer that has them.
Elements idle_experts(const OpGraph& graph) {
  Elements idle;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto* experts = std::get_if<RunExperts>(&node.op);
      if (experts == nullptr) continue;
      const Integer passed_by = experts->experts - experts->experts_per_token;
      idle += elements_per_expert(graph, *experts) * passed_by * block.repeats;
    }
  }
  return idle;
}

std::vector<ComponentParameters> component_parameters(const OpGraph& graph) {
  std::map<Component, Elements> sums;
  for (const Weight& weight : graph.weights) {
    sums[component_of(weight.role)] += weight.elements() * graph.instances(weight);
  }
  std::vector<ComponentParameters> components;
  for (const auto& [component, elements] : sums) components.push_back({component, elements});
  return components;
}

}  // namespace

Parameters predict_parameters(const OpGraph& graph) {
  Parameters parameters;
  parameters.components = component_parameters(graph);
  for (const auto& [component, elements] : parameters.components) parameters.total += elements;
  const Elements embedding = parameters_of_role(graph, WeightRole::token_embedding);
  const Elements per_layer = parameters_of_role(graph, WeightRole::per_layer_embedding);
  const Elements head = parameters_of_role(graph, WeightRole::head);
  parameters.resident = parameters.total - per_layer;
  const bool tied = head == Elements();
  ActiveParameters& active = parameters.active;
  active.all = parameters.total - idle_experts(graph);
  // A per-layer embedding is an input embedding too.
  const Elements looked_up = tied ? per_layer : per_layer + embedding;
  active.without_input_embedding = active.all - looked_up;
  active.without_embeddings = active.all - per_layer - embedding - head;
  return parameters;
}

Elements cache_elements_per_token(const OpGraph& graph) {
  Elements sum;
  for (const Cache& cache : graph.caches) {
    sum += Elements(cache.columns * graph.blocks[cache.block].repeats);
  }
  return sum;
}

Elements cache_elements(const OpGraph& graph, Integer context, Integer batch) {
  Elements sum;
  for (const Cache& cache : graph.caches) {
    sum += Elements(held_positions(context, cache.reach) * cache.columns *
                    graph.blocks[cache.block].repeats * batch);
  }
  return sum;
}

Book predict(const OpGraph& graph, const Workload& workload) {
  const RowCounts rows = row_counts(workload);
  Book book;
  for_each_running_node(graph, workload, [&](std::size_t block, std::size_t node) {
    const Block& where = graph.blocks[block];
    const Work work = price(graph, where, where.nodes[node].op, rows) * where.repeats;
    book.lines.push_back({block, node, work});
    book.total += work;
  });
  return book;
}

Work predict_total(const OpGraph& graph, const Workload& workload) {
  const RowCounts rows = row_counts(workload);
  Work total;
  for_each_running_node(graph, workload, [&](std::size_t block, std::size_t node) {
    const Block& where = graph.blocks[block];
    total += price(graph, where, where.nodes[node].op, rows) * where.repeats;
  });
  return total;
}

}  // namespace llmarch
