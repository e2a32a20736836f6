#include "sim/graph/work_kind.h"

#include <stdexcept>

namespace llmarch {
namespace {

WorkKind kind_of_component(Component component) {
  switch (component) {
    case Component::token_embedding:
    case Component::per_layer_embedding:
    case Component::position_embedding: return WorkKind::embedding;
    case Component::attention: return WorkKind::projections;
    case Component::feed_forward:
    case Component::shared_experts: return WorkKind::feed_forward;
    case Component::router: return WorkKind::router;
    case Component::experts: return WorkKind::experts;
    case Component::norms: return WorkKind::norms;
    case Component::per_layer_inputs:
    case Component::low_rank_residual:
    case Component::parallel_streams: return WorkKind::residual;
    case Component::head: return WorkKind::head;
  }
  throw std::logic_error("kind_of_component: a component outside the enumeration");
}

struct Sorter {
  const OpGraph& graph;

  WorkKind operator()(const Embed&) const { return WorkKind::embedding; }
  WorkKind operator()(const AddPositions&) const { return WorkKind::embedding; }
  WorkKind operator()(const Scale&) const { return WorkKind::residual; }
  WorkKind operator()(const ScaleByPosition&) const { return WorkKind::projections; }
  WorkKind operator()(const ScaleColumns&) const { return WorkKind::residual; }
  WorkKind operator()(const Sparsify&) const { return WorkKind::feed_forward; }
  WorkKind operator()(const ProjectEach&) const { return WorkKind::residual; }
  WorkKind operator()(const SelectColumns&) const { return WorkKind::residual; }
  WorkKind operator()(const JoinColumns&) const { return WorkKind::residual; }
  WorkKind operator()(const MatchMagnitude&) const { return WorkKind::residual; }
  WorkKind operator()(const AverageVectors&) const { return WorkKind::residual; }
  WorkKind operator()(const PredictStreams&) const { return WorkKind::residual; }
  WorkKind operator()(const CorrectStreams&) const { return WorkKind::residual; }
  WorkKind operator()(const AddToOtherStreams&) const { return WorkKind::residual; }
  WorkKind operator()(const GateRows&) const { return WorkKind::feed_forward; }
  WorkKind operator()(const SoftCap&) const { return WorkKind::head; }
  WorkKind operator()(const Normalize&) const { return WorkKind::norms; }
  WorkKind operator()(const Project& op) const {
    const Component component = component_of(graph.weight(op.weight).role);
    // The one table that is multiplied by is a tied head.
    return component == Component::token_embedding ? WorkKind::head : kind_of_component(component);
  }
  WorkKind operator()(const Rotate&) const { return WorkKind::projections; }
  WorkKind operator()(const Store&) const { return WorkKind::attention; }
  WorkKind operator()(const Attend&) const { return WorkKind::attention; }
  WorkKind operator()(const AbsorbQuery&) const { return WorkKind::projections; }
  WorkKind operator()(const AttendLatent&) const { return WorkKind::attention; }
  WorkKind operator()(const ExpandAttended&) const { return WorkKind::projections; }
  WorkKind operator()(const ExpandLatents&) const { return WorkKind::projections; }
  WorkKind operator()(const AttendExpanded&) const { return WorkKind::attention; }
  WorkKind operator()(const Activate&) const { return WorkKind::feed_forward; }
  WorkKind operator()(const Gate&) const { return WorkKind::feed_forward; }
  WorkKind operator()(const Add&) const { return WorkKind::residual; }
  WorkKind operator()(const Route&) const { return WorkKind::router; }
  WorkKind operator()(const RunExperts&) const { return WorkKind::experts; }
  WorkKind operator()(const SelectRows&) const { return WorkKind::head; }
};

}  // namespace

std::string_view name_of(WorkKind kind) {
  switch (kind) {
    case WorkKind::embedding: return "embedding";
    case WorkKind::projections: return "attention projections";
    case WorkKind::attention: return "attention";
    case WorkKind::feed_forward: return "feed-forward";
    case WorkKind::router: return "router";
    case WorkKind::experts: return "experts";
    case WorkKind::norms: return "norms";
    case WorkKind::residual: return "residual";
    case WorkKind::head: return "head";
  }
  throw std::logic_error("name_of: a kind of work outside the enumeration");
}

WorkKind work_kind(const OpGraph& graph, const Op& op) {
  return std::visit(Sorter{graph}, op);
}

}  // namespace llmarch
