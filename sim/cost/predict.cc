#include "sim/cost/predict.h"

#include <algorithm>
#include <map>

#include "sim/cost/driver.h"
#include "sim/cost/op_cost.h"
#include "sim/spec/field.h"

namespace llmarch {
namespace {

Elements parameters_of_role(const OpGraph& graph, WeightRole role) {
  Elements sum;
  for (const Weight& weight : graph.weights) {
    if (weight.role == role) sum += weight.elements() * graph.instances(weight);
  }
  return sum;
}

// The experts that a token does not run: all but those it chooses, in every layer that has them.
Elements idle_experts(const OpGraph& graph) {
  Elements idle;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const Price each = price(graph, block, node.op);
      for (const ExpertReads& experts : each.experts()) {
        idle += experts.each * (experts.experts - experts.chosen) * block.repeats;
      }
    }
  }
  return idle;
}

std::vector<ComponentParameters> component_parameters(const OpGraph& graph) {
  std::map<Component, Elements> sums;
  for (const Weight& weight : graph.weights) {
    if (kind_of(weight.role) == WeightKind::constant) continue;
    sums[component_of(weight.role)] += weight.elements() * graph.instances(weight);
  }
  std::vector<ComponentParameters> components;
  for (const auto& [component, elements] : sums) components.push_back({component, elements});
  return components;
}

// Whether the table of the input embedding is the head too.
bool has_tied_head(const OpGraph& graph) {
  bool tied = false;
  const auto see = [&](const ReadsWeight& each) {
    tied = tied || graph.weight(each.weight).role == WeightRole::token_embedding;
  };
  for (const Node& node : graph.blocks.back().nodes) {
    visit_operands(node.op, Overloaded{see, [](const LooksUp&) {}, [](const ReadsExperts&) {},
                                       [](const ReadsToCompress&) {}, [](const OfValues auto&) {},
                                       [](const OfCaches auto&) {}});
  }
  return tied;
}

Integer layers_of(const OpGraph& graph, const Cache& cache) {
  return graph.blocks[cache.block].repeats;
}

// By all the layers and all the sequences.
Integer entries_held(const OpGraph& graph, const Cache& cache, Integer context, Integer batch) {
  return held_entries(context, cache.state) * layers_of(graph, cache) * batch;
}

// The most that one operation reads and writes of activations. `counts` is given a block and a
// node, and says whether that operation is considered.
template <class Counts>
Elements widest(const OpGraph& graph, const Workload& workload, const Counts& counts) {
  Elements most;
  for (const Block& block : graph.blocks) {
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      const Node& node = block.nodes[n];
      if (!counts(block, node) || !runs(block, n, workload.forms)) continue;
      const Work work = evaluate(price(graph, block, node.op), workload, 1);
      most = std::max(most, work.activations_read + work.activations_written);
    }
  }
  return most;
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
  ActiveParameters& active = parameters.active;
  active.all = parameters.total - idle_experts(graph);
  // A per-layer embedding is an input embedding too.
  const Elements looked_up = has_tied_head(graph) ? per_layer : per_layer + embedding;
  active.without_input_embedding = active.all - looked_up;
  active.without_embeddings = active.all - per_layer - embedding - head;
  return parameters;
}

WeightBytes weight_bytes(const OpGraph& graph) {
  WeightBytes bytes;
  for (const Weight& weight : graph.weights) {
    const Bytes all = weight.bytes() * graph.instances(weight);
    bytes.total += all;
    if (weight.role != WeightRole::per_layer_embedding) bytes.resident += all;
  }
  return bytes;
}

Bytes cache_bytes_per_token(const OpGraph& graph) {
  Bytes sum;
  for (const Cache& cache : graph.caches) {
    const Bytes entry = cache.bytes_of_entry() * layers_of(graph, cache);
    sum += Bytes(growth_per_position(entry.amount(), cache.state));
  }
  return sum;
}

Bytes growing_bytes_per_token(const OpGraph& graph) {
  Bytes sum;
  for (const Cache& cache : graph.caches) {
    const Bytes entry = cache.bytes_of_entry() * layers_of(graph, cache);
    sum += Bytes(lasting_growth_per_position(entry.amount(), cache.state));
  }
  return sum;
}

Bytes bounded_cache_bytes(const OpGraph& graph, Integer context, Integer batch) {
  Bytes sum;
  for (const Cache& cache : graph.caches) {
    if (lasting_growth_per_position(kSize.most, cache.state) > 0) continue;
    sum += cache.bytes_of_entry() * entries_held(graph, cache, context, batch);
  }
  return sum;
}

Bytes state_bytes_per_sequence(const OpGraph& graph) {
  Bytes sum;
  for (const Cache& cache : graph.caches) {
    sum += cache.bytes_of_entry() * (fixed_entries(cache.state) * layers_of(graph, cache));
  }
  return sum;
}

Elements cache_elements(const OpGraph& graph, Integer context, Integer batch) {
  Elements sum;
  for (const Cache& cache : graph.caches) {
    sum += Elements(cache.columns) * entries_held(graph, cache, context, batch);
  }
  return sum;
}

Bytes cache_bytes(const OpGraph& graph, Integer context, Integer batch) {
  Bytes sum;
  for (const Cache& cache : graph.caches) {
    sum += cache.bytes_of_entry() * entries_held(graph, cache, context, batch);
  }
  return sum;
}

std::vector<BlockBytes> bytes_of_blocks(const OpGraph& graph, Integer context, Integer batch) {
  std::vector<BlockBytes> blocks(graph.blocks.size());
  for (const Weight& weight : graph.weights) blocks.at(weight.block).weights += weight.bytes();
  for (const Cache& cache : graph.caches) {
    blocks.at(cache.block).cache +=
        cache.bytes_of_entry() * (held_entries(context, cache.state) * batch);
  }
  return blocks;
}

Book predict(const OpGraph& graph, const Workload& workload, ExpertLoad load) {
  Book book;
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    const Block& block = graph.blocks[b];
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      if (!runs(block, n, workload.forms)) continue;
      const Work work =
          evaluate(price(graph, block, block.nodes[n].op), workload, block.repeats, load);
      book.lines.push_back({b, n, work});
      book.total += work;
    }
  }
  return book;
}

Work predict_total(const OpGraph& graph, const Workload& workload) {
  Work total;
  for (const Block& block : graph.blocks) {
    Price layer;
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      if (runs(block, n, workload.forms)) add_price(graph, block, block.nodes[n].op, layer);
    }
    total += evaluate(layer, workload, block.repeats);
  }
  return total;
}

Elements widest_rows(const OpGraph& graph, const Workload& workload) {
  return widest(graph, workload, [](const Block&, const Node&) { return true; });
}

Elements widest_rows_below_head(const OpGraph& graph, const Workload& workload) {
  return widest(graph, workload, [](const Block& block, const Node& node) {
    return block.kind != BlockKind::output && node.kind != WorkKind::communication;
  });
}

}  // namespace llmarch
