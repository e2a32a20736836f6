// The parts that lower.cc puts together: attention, and what surrounds the blocks of a layer in
// models with parallel streams or per-layer embeddings. Private to sim/graph.
#pragma once

#include "sim/graph/builder.h"

namespace llmarch {

inline BiasRole bias_if(bool present, WeightRole role) {
  return present ? BiasRole(role) : std::nullopt;
}

struct KvCacheIds {
  CacheId keys = 0, values = 0;
};

// What a kind of layer is lowered within.
struct LayerSurroundings {
  const ArchSpec& spec;
  std::optional<KvCacheIds> shared;  // another layer's caches, to be read
  std::optional<KvCacheIds> own;     // set where the layer fills its own
};

ValueId lower_attention(GraphBuilder& build, LayerSurroundings& around, ValueId x,
                        const GroupedAttention& attention);
ValueId lower_attention(GraphBuilder& build, LayerSurroundings& around, ValueId x,
                        const LatentAttention& attention);

// Per-layer embeddings: what goes along to all layers, and what one layer makes of its part.
ValueId lower_per_layer_inputs(GraphBuilder& build, const ArchSpec& spec, ValueId x);
ValueId per_layer_output(GraphBuilder& build, const ArchSpec& spec, ValueId x);

// With the low-rank branch, where the spec has one; `given` is what attention was given.
ValueId low_rank_residual(GraphBuilder& build, const ArchSpec& spec, ValueId given, ValueId x);

// Alternating updates (AltUp), as transformers' modeling_gemma3n.py has them.
struct StreamRouter {
  WeightId norm, projection;
};
StreamRouter stream_router(GraphBuilder& build, const ArchSpec& spec);
ValueId expand_streams(GraphBuilder& build, const ArchSpec& spec, ValueId x);
ValueId active_stream(GraphBuilder& build, const ArchSpec& spec, ValueId streams);
ValueId predict_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId streams);
// `done` is what the layer made of the active stream.
ValueId correct_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId streams, ValueId done);
ValueId merge_streams(GraphBuilder& build, const ArchSpec& spec, ValueId streams);

}  // namespace llmarch
