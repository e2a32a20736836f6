// As which of the measured kinds of operations an operation counts, and in which format it reads
// its weights or its cache. Operations on rows alone (norms, rotations, gates, additions) count as
// none: engines fuse them with their neighbours, and nobody measures them by themselves.
#pragma once

#include <optional>
#include <string_view>

#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"
#include "sim/hardware/measured.h"

namespace llmarch {

struct Timed {
  TimedOperation operation;
  std::string_view format;  // the name of a StorageFormat
};

std::optional<Timed> timed(const OpGraph& graph, const Op& op, Phase phase);

}  // namespace llmarch
