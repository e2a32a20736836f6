// lower: from a spec to its operations, one short function per block, each reading like the paper
// it comes from. This file knows which operations an architecture is; builder.h knows their shapes.
#pragma once

#include "sim/graph/op_graph.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// `spec` obeys rules.h. Throws Overflow when its parameters exceed 64 bits.
OpGraph lower(const ArchSpec& spec);

// One of the layers that predict tokens further ahead (ArchSpec::beside), with the embedding and
// the head that it shares with the model. The hidden state that enters its input block is what the
// model's last layer, or an earlier pass of this graph, left for the position before. `spec` has no
// parallel streams and no per-layer embeddings, and its last layer reads no other's cache.
OpGraph lower_prediction_layer(const ArchSpec& spec);

}  // namespace llmarch
