// What part of a model an operation belongs to, so that the work of attention can be held against
// that of the feed-forward. Every operation has one kind, so kinds add up to the whole.
#pragma once

#include <array>
#include <string_view>

#include "sim/graph/op_graph.h"

namespace llmarch {

enum class WorkKind {
  embedding,     // look-ups, learned positions
  projections,   // attention's: into queries, keys, values and latents, and out of them; rotation
  attention,     // scores, softmax and weighted values: what grows with the context
  feed_forward,  // dense ones and shared experts, with their activation
  router,
  experts,  // routed ones
  norms,
  residual,  // additions to the residual stream, scales; parallel streams, per-layer inputs
  head,
};

inline constexpr std::array kWorkKinds{
    WorkKind::embedding,    WorkKind::projections, WorkKind::attention,
    WorkKind::feed_forward, WorkKind::router,      WorkKind::experts,
    WorkKind::norms,        WorkKind::residual,    WorkKind::head};

std::string_view name_of(WorkKind kind);
WorkKind work_kind(const OpGraph& graph, const Op& op);

}  // namespace llmarch
