// The kinds of work that operations do, so that the work of attention can be compared with that of
// the feed-forward. Every node of a graph has one kind (Node::kind, set by lowering), so kinds add
// up to the whole.
#pragma once

#include <string_view>

#include "sim/enumerators.h"

namespace llmarch {

enum class WorkKind {
  embedding,     // look-ups, learned positions
  projections,   // attention's: into queries, keys, values and latents, and out of them; rotation
  attention,     // scores, softmax and weighted values: what grows with the context
  state_mixer,   // mixers that keep a fixed state: their projections, gates and the state itself
  feed_forward,  // dense ones and shared experts; activation functions wherever they stand
  router,
  experts,  // routed ones
  norms,
  residual,  // additions to the residual stream, scales; parallel streams, per-layer inputs
  head,
  communication,  // between ranks
};

// Empty outside the enumeration.
constexpr std::string_view name_of(WorkKind kind) {
  switch (kind) {
    case WorkKind::embedding: return "embedding";
    case WorkKind::projections: return "attention projections";
    case WorkKind::attention: return "attention";
    case WorkKind::state_mixer: return "state mixer";
    case WorkKind::feed_forward: return "feed-forward";
    case WorkKind::router: return "router";
    case WorkKind::experts: return "experts";
    case WorkKind::norms: return "norms";
    case WorkKind::residual: return "residual";
    case WorkKind::head: return "head";
    case WorkKind::communication: return "communication";
  }
  return "";
}

// A kind is an index into tables as long as this.
inline constexpr auto kWorkKinds = enumerators<WorkKind>();

}  // namespace llmarch
