// The parts that lower.cc puts together: the sublayers of a layer, its mixers and feed-forwards,
// and what surrounds them in models with parallel streams or per-layer embeddings. Private to
// sim/graph.
#pragma once

#include <map>
#include <utility>

#include "sim/graph/builder.h"

namespace llmarch {

inline BiasRole bias_if(bool present, WeightRole role) {
  return present ? BiasRole(role) : std::nullopt;
}

struct KvCacheIds {
  CacheId keys = 0, values = 0;
};

// A mixer of a kind of layer: indices into ArchSpec::layer and ArchSpec::attention.
using MixerOfKind = std::pair<std::size_t, std::size_t>;

// Where a layer stands among the blocks of attention residuals: how many vectors have been put
// aside before it, and whether it puts the residual stream aside itself.
struct ResidualStage {
  Integer aside = 0;
  bool opens = false;
  friend bool operator==(const ResidualStage&, const ResidualStage&) = default;
  friend bool operator<(const ResidualStage& left, const ResidualStage& right) {
    return left.aside != right.aside ? left.aside < right.aside : right.opens && !left.opens;
  }
};

// A kind of layer while it is lowered. Mixers that read another's cache find it in `filled`, since
// the kind that owns it is lowered first.
struct LayerLowering {
  const ArchSpec& spec;
  std::size_t kind;                                  // index into ArchSpec::layer
  const std::map<MixerOfKind, std::size_t>& owners;  // the kind that fills what a mixer reads
  std::map<MixerOfKind, KvCacheIds>& filled;         // what each mixer fills
  ResidualStage stage = {};
};

// Attention with caches of its own, or over those that are given. `own` is set where it fills them.
struct AttentionCaches {
  std::optional<KvCacheIds> shared;
  std::optional<KvCacheIds> own;
};
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const GroupedAttention& attention);
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const LatentAttention& attention);

ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const CompressedAttention& attention);
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const ShortConvolution& convolution);

ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const GatedDeltaNet& delta);
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const Mamba2& mamba);
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const LightningAttention& lightning);
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const KimiDeltaAttention& delta);
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const Mamba1& mamba);

// The part of the model that a mixer is counted in.
inline Component part_of(const GroupedAttention&) {
  return Component::attention;
}
inline Component part_of(const LatentAttention&) {
  return Component::attention;
}
inline Component part_of(const CompressedAttention&) {
  return Component::attention;
}
inline Component part_of(const StateMixer auto&) {
  return Component::state_mixer;
}

// `x` times a factor, where there is one.
inline ValueId multiplied(GraphBuilder& build, std::string name, ValueId x,
                          std::optional<double> factor) {
  return factor ? build.scale(std::move(name), x, *factor) : x;
}

// What a block is given: the residual stream as it enters the sublayer, and what the norms before
// the block make of it.
struct BlockInput {
  ValueId stream, given;
};
ValueId lower_feed_forward(GraphBuilder& build, const ArchSpec& spec, const BlockInput& input,
                           const DenseFeedForward& dense);
ValueId lower_feed_forward(GraphBuilder& build, const ArchSpec& spec, const BlockInput& input,
                           const MixtureFeedForward& mixture);

// Attention's output times its gate, one for each element or each of `heads` heads.
ValueId gate_output(GraphBuilder& build, ValueId x, ValueId mixed, const OutputGate& gate,
                    Integer heads);

// Every sublayer of the layer, one after the other, on the residual stream.
ValueId lower_sublayers(GraphBuilder& build, LayerLowering& layer, ValueId x);

// Per-layer embeddings: the second input of all layers, and what one layer makes of its part.
ValueId lower_per_layer_inputs(GraphBuilder& build, const ArchSpec& spec, ValueId x);
ValueId per_layer_output(GraphBuilder& build, const ArchSpec& spec, ValueId x);

// Adds the low-rank branch, where the spec has one; `given` is the input of the mixer.
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

// What is around a site, by the roles of its weights.
struct SiteRoles {
  WeightRole stream_weights, stream_scale, stream_bias;
  WeightRole residual_norm, residual_query;
};
inline constexpr SiteRoles kHeadSite{WeightRole::head_stream_weights, WeightRole::head_stream_scale,
                                     WeightRole::head_stream_bias, WeightRole::head_residual_norm,
                                     WeightRole::head_residual_query};

// Manifold-constrained hyper-connections, as transformers' modeling_deepseek_v4.py has them: the
// weights of a site, with which its streams are summed up and, where a sublayer follows, mixed.
enum class Site { before_sublayer, before_head };
ValueId weigh_streams(GraphBuilder& build, const ArchSpec& spec, Site site, const SiteRoles& roles,
                      ValueId streams);
ValueId collapse_streams(GraphBuilder& build, const ArchSpec& spec, ValueId streams,
                         ValueId weights);

// Attention residuals (modular_kimi_k3.py): what a site reads of `vectors` vectors, of which the
// last is the residual stream and the others were put aside.
ValueId attend_residuals(GraphBuilder& build, const ArchSpec& spec, Integer vectors,
                         const SiteRoles& roles, ValueId stream);

}  // namespace llmarch
