// Recurrences in short chunks, so that a few tokens have several.
#pragma once

#include <utility>

#include "sim/graph/op_graph.h"

namespace llmarch {

// The graph with chunks of so many tokens in each of its recurrences that runs by chunks.
inline OpGraph in_chunks_of(Integer tokens, OpGraph graph) {
  for (Block& block : graph.blocks) {
    for (Node& node : block.nodes) {
      if (auto* recurrence = std::get_if<ChunkedRecurrence>(&node.op)) recurrence->chunk = tokens;
    }
  }
  return graph;
}

inline bool runs_by_chunks(const OpGraph& graph) {
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (std::holds_alternative<ChunkedRecurrence>(node.op)) return true;
    }
  }
  return false;
}

inline Workload by_chunk(Workload workload) {
  workload.forms.recurrence = RecurrenceForm::by_chunk;
  return workload;
}

}  // namespace llmarch
