#include "sim/graph/lower.h"

#include <cmath>

#include "sim/graph/builder.h"
#include "sim/graph/lower_streams.h"

namespace llmarch {
namespace {

BiasRole bias_if(bool present, WeightRole role) {
  return present ? BiasRole(role) : std::nullopt;
}

// m(s) of YaRN: attention logits grow with the stretch of the context.
double yarn_mscale(double factor, double strength) {
  return factor <= 1 ? 1.0 : 0.1 * strength * std::log(factor) + 1.0;
}

double softmax_scale(const LatentAttention& attention) {
  const Integer width = attention.nope_head_dim + attention.rope_head_dim;
  double scale = 1 / std::sqrt(width.as_double());
  if (!attention.rotary.scaling) return scale;
  const auto* yarn = std::get_if<YarnScaling>(&*attention.rotary.scaling);
  if (yarn == nullptr || !yarn->mscale_all_dim) return scale;
  const double mscale = yarn_mscale(yarn->factor, *yarn->mscale_all_dim);
  return scale * mscale * mscale;
}

Reach reach_of(const GroupedAttention& attention) {
  if (attention.window) return Window{*attention.window};
  if (attention.chunk) return Chunk{*attention.chunk};
  return EveryKey{};
}

// Queries or keys on their way from the projection to the scores. `heads` vectors in a row.
ValueId prepare(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                const GroupedAttention& attention, Integer heads, WeightRole norm,
                const std::string& name) {
  const double epsilon = spec.norm.epsilon;
  if (attention.qk_norm == QkNorm::per_head) x = build.normalize_groups(x, epsilon, norm, heads);
  if (attention.qk_norm == QkNorm::whole) x = build.normalize_groups(x, epsilon, norm, 1);
  if (attention.rotary) {
    x = build.rotate("rotate " + name, x, *attention.rotary, heads, 0,
                     attention.rotated_dim.value_or(attention.head_dim));
  }
  if (attention.qk_norm == QkNorm::unweighted_after_rotation) {
    x = build.normalize_unweighted("normalise " + name, x, epsilon, heads);
  }
  return x;
}

double score_scale(const GroupedAttention& attention) {
  return 1 / std::sqrt(attention.query_scalar.value_or(attention.head_dim).as_double());
}

// The caches that a layer of grouped attention meets: its own, or another's.
struct KvCacheIds {
  CacheId keys, values;
};

// What a layer leaves for others that use its keys and values, and what it takes from others.
using SharedKv = std::optional<KvCacheIds>;

struct KeysAndValues {
  ValueId keys, values;
};

KeysAndValues project_keys_and_values(GraphBuilder& build, ValueId x,
                                      const GroupedAttention& attention) {
  const Integer columns = attention.kv_heads * attention.head_dim;
  const bool bias = attention.qkv_bias;
  return {build.project(x, columns, WeightRole::key, bias_if(bias, WeightRole::key_bias)),
          build.project(x, columns, WeightRole::value, bias_if(bias, WeightRole::value_bias))};
}

KeysAndValues prepare_keys_and_values(GraphBuilder& build, const ArchSpec& spec,
                                      const GroupedAttention& attention, KeysAndValues kv) {
  kv.keys =
      prepare(build, spec, kv.keys, attention, attention.kv_heads, WeightRole::key_norm, "keys");
  if (attention.value_norm) {
    kv.values = build.normalize_unweighted("normalise values", kv.values, spec.norm.epsilon,
                                           attention.kv_heads);
  }
  return kv;
}

// Grouped-query attention (arXiv 2305.13245); multi-head when every query head has its own key.
// `shared` comes in with the caches of the layer whose keys and values are used, if they are
// another's, and leaves with those that were met.
ValueId lower_attention(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                        const GroupedAttention& attention, SharedKv& shared) {
  ValueId q = build.project(x, attention.query_heads * attention.head_dim, WeightRole::query,
                            bias_if(attention.qkv_bias, WeightRole::query_bias));
  std::optional<KeysAndValues> own;
  if (!attention.kv_from) own = project_keys_and_values(build, x, attention);
  q = prepare(build, spec, q, attention, attention.query_heads, WeightRole::query_norm, "queries");
  if (own) own = prepare_keys_and_values(build, spec, attention, *own);
  if (attention.temperature) q = build.scale_by_position(q, *attention.temperature);
  const Reach reach = reach_of(attention);
  if (own) {
    const CacheId keys = build.store("keys", own->keys, reach);
    shared = KvCacheIds{keys, build.store("values", own->values, reach)};
  }
  const ValueId mixed = build.attend(attention, score_scale(attention), reach, q,
                                     shared.value().keys, shared.value().values);
  return build.project(mixed, spec.hidden, WeightRole::attention_output,
                       bias_if(attention.output_bias, WeightRole::attention_output_bias));
}

ValueId lower_latent_query(GraphBuilder& build, ValueId x, const LatentAttention& attention) {
  const Integer nope = attention.nope_head_dim;
  const Integer rope = attention.rope_head_dim;
  const Integer columns = attention.query_heads * (nope + rope);
  ValueId q = x;
  if (attention.query_latent_dim) {
    q = build.project(q, *attention.query_latent_dim, WeightRole::query_down,
                      bias_if(attention.compression_bias, WeightRole::query_down_bias));
    q = build.normalize_groups(q, attention.latent_norm_epsilon, WeightRole::query_latent_norm, 1);
    q = build.project(q, columns, WeightRole::query_up);
  } else {
    q = build.project(q, columns, WeightRole::query);
  }
  return build.rotate("rotate queries", q, attention.rotary, attention.query_heads, nope, rope);
}

// Multi-head latent attention (arXiv 2405.04434, section 2.1). Both forms are in the graph; the
// workload says which one runs.
ValueId lower_attention(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                        const LatentAttention& attention, SharedKv&) {
  const LatentShape shape{attention.query_heads, attention.nope_head_dim, attention.rope_head_dim,
                          attention.value_head_dim, attention.kv_latent_dim};
  const bool bias = attention.compression_bias;
  const ValueId q = lower_latent_query(build, x, attention);

  ValueId latent = build.project(x, shape.latent_dim, WeightRole::latent_down,
                                 bias_if(bias, WeightRole::latent_down_bias));
  latent =
      build.normalize_groups(latent, attention.latent_norm_epsilon, WeightRole::latent_norm, 1);
  ValueId rope_key = build.project(x, shape.rope_dim, WeightRole::rope_key,
                                   bias_if(bias, WeightRole::rope_key_bias));
  rope_key = build.rotate("rotate keys", rope_key, attention.rotary, 1, 0, shape.rope_dim);
  const CacheId latents = build.store("latents", latent, EveryKey{});
  const CacheId rope_keys = build.store("rotary keys", rope_key, EveryKey{});

  const WeightId key_up =
      build.weight(WeightRole::key_up, shape.heads * shape.nope_dim, shape.latent_dim);
  const WeightId value_up =
      build.weight(WeightRole::value_up, shape.heads * shape.value_dim, shape.latent_dim);
  const double scale = softmax_scale(attention);
  const ValueId mixed =
      build.attend_absorbed(shape, scale, q, latents, rope_keys, key_up, value_up);
  build.attend_expanded(shape, scale, q, latents, rope_keys, key_up, value_up, mixed);
  return build.project(mixed, spec.hidden, WeightRole::attention_output,
                       bias_if(attention.output_bias, WeightRole::attention_output_bias));
}

// act(gate(x)) * up(x) (SwiGLU, arXiv 2002.05202), or act(up(x)).
ValueId lower_feed_forward(GraphBuilder& build, ValueId x, Integer hidden,
                           const DenseFeedForward& dense) {
  const bool bias = dense.bias;
  ValueId inner = 0;
  if (dense.gated) {
    ValueId gate =
        build.project(x, dense.width, WeightRole::gate, bias_if(bias, WeightRole::gate_bias));
    if (dense.sparsity) gate = build.sparsify(gate, normal_quantile(*dense.sparsity));
    const ValueId up =
        build.project(x, dense.width, WeightRole::up, bias_if(bias, WeightRole::up_bias));
    inner = build.gate("gated activation", gate, up, dense.activation);
  } else {
    const ValueId up =
        build.project(x, dense.width, WeightRole::up, bias_if(bias, WeightRole::up_bias));
    inner = build.activate("activation", up, dense.activation);
  }
  return build.project(inner, hidden, WeightRole::down, bias_if(bias, WeightRole::down_bias));
}

// Routed experts, and shared ones that every token runs (DeepSeekMoE, arXiv 2401.06066).
ValueId lower_feed_forward(GraphBuilder& build, ValueId x, Integer hidden,
                           const MixtureFeedForward& mixture) {
  const ValueId choice = build.route(x, mixture);
  const ValueId routed = build.run_experts(x, choice, mixture);
  if (!mixture.shared_width) return routed;
  const ValueId gate = build.project(x, *mixture.shared_width, WeightRole::shared_gate);
  const ValueId up = build.project(x, *mixture.shared_width, WeightRole::shared_up);
  const ValueId inner = build.gate("gated activation", gate, up, mixture.activation);
  ValueId shared = build.project(inner, hidden, WeightRole::shared_down);
  if (mixture.shared_gate) {
    const ValueId own = build.project(x, 1, WeightRole::shared_gate_vector);
    shared = build.gate_rows("gate shared experts", own, shared);
  }
  return build.add("add shared experts", routed, shared);
}

void lower_input(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("embedding", BlockKind::input);
  ValueId x = build.embed(spec.vocabulary, spec.hidden);
  if (spec.scaled_embedding) {
    x = build.scale("scale embedding", x, std::sqrt(spec.hidden.as_double()));
  }
  if (spec.learned_positions) x = build.add_positions(x, *spec.learned_positions);
  if (spec.per_layer_embedding) lower_layer_inputs(build, spec, x);
  if (spec.streams) x = enter_streams(build, spec, x);
  build.end_block(x);
}

// The norms around one block of a layer, by their roles in it.
struct BlockNorms {
  WeightRole before, before_bias, after, after_bias;
};

constexpr BlockNorms kAttentionNorms{WeightRole::attention_norm, WeightRole::attention_norm_bias,
                                     WeightRole::post_attention_norm,
                                     WeightRole::post_attention_norm_bias};
constexpr BlockNorms kFeedForwardNorms{
    WeightRole::feed_forward_norm, WeightRole::feed_forward_norm_bias,
    WeightRole::post_feed_forward_norm, WeightRole::post_feed_forward_norm_bias};

// x + f(x), with norms where the spec has them.
template <class Function>
ValueId residual(GraphBuilder& build, const Norm& norm, const BlockNorms& norms,
                 const std::string& name, ValueId x, const Function& f) {
  const NormPlacement place = norm.placement;
  const bool before = place == NormPlacement::before || place == NormPlacement::before_and_after;
  const bool after = place == NormPlacement::after || place == NormPlacement::before_and_after;
  ValueId h = before ? build.normalize(x, norm, norms.before, norms.before_bias) : x;
  h = f(h);
  if (after) h = build.normalize(h, norm, norms.after, norms.after_bias);
  x = build.add(name, x, h);
  if (place != NormPlacement::after_residual) return x;
  return build.normalize(x, norm, norms.after, norms.after_bias);
}

// x + attention, and the low-rank map of attention's input beside it.
ValueId lower_attention_residual(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                                 const Mixer& mixer, SharedKv& shared) {
  std::optional<ValueId> low_rank;
  x = residual(build, spec.norm, kAttentionNorms, "residual after attention", x, [&](ValueId h) {
    if (spec.low_rank_residual) low_rank = lower_low_rank(build, spec, h);
    return std::visit(
        [&](const auto& kind) { return lower_attention(build, spec, h, kind, shared); }, mixer);
  });
  if (!low_rank) return x;
  x = build.add("add low-rank residual", x, *low_rank);
  return build.scale("scale residual", x, 1 / std::sqrt(2.0));
}

ValueId lower_layer_body(GraphBuilder& build, const ArchSpec& spec, const Layer& layer, ValueId x,
                         SharedKv& shared) {
  const Mixer& mixer = spec.attention.at(layer.attention.index).value;
  const FeedForward& feed_forward = spec.feed_forward.at(layer.feed_forward.index).value;
  x = lower_attention_residual(build, spec, x, mixer, shared);
  return residual(
      build, spec.norm, kFeedForwardNorms, "residual after feed-forward", x, [&](ValueId h) {
        return std::visit(
            [&](const auto& kind) { return lower_feed_forward(build, h, spec.hidden, kind); },
            feed_forward);
      });
}

void lower_layer(GraphBuilder& build, const ArchSpec& spec, const Named<Layer>& layer,
                 SharedKv& shared) {
  build.begin_block(layer.name, BlockKind::layer);
  const Integer streams = spec.streams ? spec.streams->count : Integer(1);
  ValueId x = build.block_input(streams * spec.hidden);
  std::optional<ValueId> own;
  if (spec.per_layer_embedding) own = build.layer_input(spec.per_layer_embedding->width);
  if (spec.streams) {
    const StreamRouter router = stream_router(build, spec);
    const ValueId predicted = predict_streams(build, spec, router, x);
    const ValueId active = active_stream(build, spec, predicted);
    const ValueId result = lower_layer_body(build, spec, layer.value, active, shared);
    x = correct_streams(build, spec, router, predicted, result);
  } else {
    x = lower_layer_body(build, spec, layer.value, x, shared);
  }
  if (own) x = add_layer_input(build, spec, *own, x);
  build.end_block(x);
}

// Every kind of layer as a block, those that use another's keys and values behind those that have
// their own. Gives the block of each kind.
std::vector<std::size_t> lower_layers(GraphBuilder& build, const ArchSpec& spec) {
  const auto sources = kv_sources(spec);
  std::vector<SharedKv> caches(spec.layer.size());
  std::vector<std::size_t> block_of(spec.layer.size());
  std::size_t next = 1;  // behind the input block
  const auto lower_kind = [&](std::size_t kind) {
    if (sources[kind]) caches[kind] = caches[*sources[kind]];
    lower_layer(build, spec, spec.layer[kind], caches[kind]);
    block_of[kind] = next++;
  };
  for (std::size_t kind = 0; kind < sources.size(); ++kind) {
    if (!sources[kind]) lower_kind(kind);
  }
  for (std::size_t kind = 0; kind < sources.size(); ++kind) {
    if (sources[kind]) lower_kind(kind);
  }
  return block_of;
}

void lower_output(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("head", BlockKind::output);
  const Integer streams = spec.streams ? spec.streams->count : Integer(1);
  ValueId x = build.block_input(streams * spec.hidden);
  x = build.select_rows(x);
  if (spec.streams) x = leave_streams(build, spec, x);
  x = build.normalize(x, spec.norm, WeightRole::final_norm, WeightRole::final_norm_bias);
  ValueId logits = spec.head == Head::tied ? build.project_tied(x)
                                           : build.project(x, spec.vocabulary, WeightRole::head);
  if (spec.logit_soft_cap) logits = build.soft_cap("cap logits", logits, *spec.logit_soft_cap);
  build.end_block(logits);
}

}  // namespace

OpGraph lower(const ArchSpec& spec) {
  GraphBuilder build;
  lower_input(build, spec);
  const std::vector<std::size_t> block_of = lower_layers(build, spec);
  lower_output(build, spec);
  std::vector<std::size_t> layers = layer_sequence(spec);
  for (std::size_t& layer : layers) layer = block_of[layer];
  if (spec.streams) build.declare_streams(spec.streams->count, spec.streams->active);
  return build.finish(std::move(layers));
}

}  // namespace llmarch
