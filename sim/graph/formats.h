// Which tensor of a model is stored in which format. Lowering leaves every tensor in bf16; a policy
// is laid over the graph after that, so that one lowering serves every way of storing a model.
#pragma once

#include "sim/graph/op_graph.h"
#include "sim/storage_format.h"

namespace llmarch {

struct FormatPolicy {
  StorageFormat matrices;  // and tables
  StorageFormat vectors;   // norms and biases
  StorageFormat caches;
};

// All weights in one format, all caches in another; but for the states that are always f32.
FormatPolicy uniform(DType weights, DType kv);

OpGraph with_formats(OpGraph graph, const FormatPolicy& policy);

}  // namespace llmarch
