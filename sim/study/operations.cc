#include "sim/study/operations.h"

#include <fmt/format.h>

#include <stdexcept>

#include "sim/cost/op_cost.h"

namespace llmarch {
namespace {

void add(const OpGraph& graph, std::optional<WeightId> id, std::vector<Weight>& weights) {
  if (id) weights.push_back(graph.weight(*id));
}

// What an operation opens. One overload for each, so that a new operation is not forgotten here.
struct OpenedWeights {
  const OpGraph& graph;
  std::vector<Weight> weights;

  void operator()(const Embed& op) { add(graph, op.table, weights); }
  void operator()(const AddPositions& op) { add(graph, op.table, weights); }
  void operator()(const Normalize& op) {
    add(graph, op.weight, weights);
    add(graph, op.bias, weights);
  }
  void operator()(const Project& op) {
    add(graph, op.weight, weights);
    add(graph, op.bias, weights);
  }
  void operator()(const ProjectEach& op) { add(graph, op.weight, weights); }
  void operator()(const ScaleColumns& op) { add(graph, op.weight, weights); }
  void operator()(const Sparsify&) {}           // activations only
  void operator()(const SelectColumns&) {}      // a copy
  void operator()(const JoinColumns&) {}        // a copy
  void operator()(const MatchMagnitude&) {}     // activations only
  void operator()(const AverageVectors&) {}     // activations only
  void operator()(const PredictStreams&) {}     // activations only
  void operator()(const CorrectStreams&) {}     // activations only
  void operator()(const AddToOtherStreams&) {}  // activations only
  void operator()(const Scale&) {}              // activations only
  void operator()(const ScaleByPosition&) {}    // factors of positions are no parameters
  void operator()(const GateRows&) {}           // activations only
  void operator()(const SoftCap&) {}            // activations only
  void operator()(const Rotate&) {}             // tables of angles are no parameters
  void operator()(const Store&) {}              // a copy
  void operator()(const Attend&) {}             // cache and activations only
  void operator()(const AttendLatent&) {}       // cache and activations only
  void operator()(const AttendExpanded&) {}     // cache and activations only
  void operator()(const AbsorbQuery& op) { add(graph, op.key_up, weights); }
  void operator()(const ExpandAttended& op) { add(graph, op.value_up, weights); }
  void operator()(const ExpandLatents& op) {
    add(graph, op.key_up, weights);
    add(graph, op.value_up, weights);
  }
  void operator()(const Activate&) {}  // activations only
  void operator()(const Gate&) {}      // activations only
  void operator()(const Add&) {}       // activations only
  void operator()(const Route& op) {
    add(graph, op.weight, weights);
    add(graph, op.correction_bias, weights);
  }
  void operator()(const RunExperts& op) {
    add(graph, op.gate, weights);
    add(graph, op.up, weights);
    add(graph, op.down, weights);
  }
  void operator()(const SelectRows&) {}  // a copy
};

std::vector<Weight> opened_weights(const OpGraph& graph, const Op& op) {
  OpenedWeights opened{graph, {}};
  std::visit(opened, op);
  return std::move(opened.weights);
}

Workload workload_of(Phase phase, const Settings& settings) {
  switch (phase) {
    case Phase::decode: return decode(settings.context, settings.batch);
    case Phase::prefill: return prefill(settings.context, settings.batch);
  }
  throw std::logic_error("workload_of: a phase outside the enumeration");
}

std::string heading_of(Phase phase, const Settings& settings) {
  return fmt::format("{} {}, batch {}, weights {}, KV {}",
                     phase == Phase::decode ? "decode of one token at context" : "prefill of",
                     settings.context.value(), settings.batch.value(), name_of(settings.weights),
                     name_of(settings.kv));
}

BlockFigures block_figures(const OpGraph& graph, const Block& block, const Workload& workload,
                           const Settings& settings) {
  const RowCounts rows = row_counts(workload);
  BlockFigures figures{block.name, block.repeats, {}, {}, {}};
  Work one_layer = Work::none();
  for (const Node& node : block.nodes) {
    if (!runs_in(node.when, workload.latent_form)) continue;
    const Work work = price(graph, block, node.op, rows);
    one_layer += work;
    figures.operations.push_back({node.name, step_of(work * block.repeats, settings)});
  }
  figures.one_layer = step_of(one_layer, settings);
  figures.all_layers = step_of(one_layer * block.repeats, settings);
  return figures;
}

}  // namespace

OperationTable operation_table(const Model& model, Phase phase, const Settings& settings) {
  const Workload workload = workload_of(phase, settings);
  OperationTable table{
      heading_of(phase, settings), {}, step_of(predict_total(model.graph, workload), settings)};
  for (const Block& block : model.graph.blocks) {
    table.blocks.push_back(block_figures(model.graph, block, workload, settings));
  }
  return table;
}

std::vector<WeightUse> weight_uses(const OpGraph& graph) {
  std::vector<WeightUse> uses;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      // The absorbed form opens what the expanded one opens too: each parameter is listed once.
      if (node.when == When::absorbed) continue;
      std::vector<Weight> weights = opened_weights(graph, node.op);
      if (weights.empty()) continue;
      Elements parameters;
      for (const Weight& weight : weights) parameters += weight.elements();
      uses.push_back({block.name, node.name, block.repeats, std::move(weights), parameters});
    }
  }
  return uses;
}

}  // namespace llmarch
