// What stands around and beside a decoder's residual stream: parallel streams (AltUp), per-layer
// embeddings, low-rank residuals. lower.h knows the blocks themselves.
#pragma once

#include "sim/graph/builder.h"

namespace llmarch {

// The number of standard deviations below which a share `probability` of a normal distribution
// lies. `probability` is between 0 and 1.
double normal_quantile(double probability);

// The block input's `layer_inputs`, from the scaled token embedding `x`:
// (norm(x P / root(hidden)) + E root(width)) / root(2), with one projection and one table for all
// layers.
void lower_layer_inputs(GraphBuilder& build, const ArchSpec& spec, ValueId x);

// All streams from the embedding: itself, and maps of it that are brought to its magnitude.
ValueId enter_streams(GraphBuilder& build, const ArchSpec& spec, ValueId x);

// The mean of all streams: the first as it is, maps of the others at its magnitude.
ValueId leave_streams(GraphBuilder& build, const ArchSpec& spec, ValueId streams);

// What `predict` and `correct` share in one layer.
struct StreamRouter {
  WeightId norm, router;
};

StreamRouter stream_router(GraphBuilder& build, const ArchSpec& spec);
ValueId predict_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId streams);
ValueId correct_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId predicted, ValueId result);
ValueId active_stream(GraphBuilder& build, const ArchSpec& spec, ValueId streams);

// norm(gated(x) up) of the layer's own input, added to x, or to all streams but the first.
ValueId add_layer_input(GraphBuilder& build, const ArchSpec& spec, ValueId layer_input, ValueId x);

// h + norm(h A B), to stand beside attention; h is attention's own input.
ValueId lower_low_rank(GraphBuilder& build, const ArchSpec& spec, ValueId h);

}  // namespace llmarch
