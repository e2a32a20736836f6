#include <cmath>

#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

// m(s) of YaRN: attention logits grow with the stretch of the context.
double yarn_mscale(double factor, double strength) {
  return factor <= 1 ? 1.0 : 0.1 * strength * std::log(factor) + 1.0;
}

// The factor on queries and on keys.
double mscale_of(const YarnScaling& yarn) {
  return yarn.mscale_all_dim ? yarn_mscale(yarn.factor, *yarn.mscale_all_dim) : 1.0;
}
double mscale_of(const Llama3Scaling&) {
  return 1.0;
}
double mscale_of(const LinearScaling&) {
  return 1.0;
}
double mscale_of(const DynamicScaling&) {
  return 1.0;
}
double mscale_of(const LongRope&) {
  return 1.0;
}

double softmax_scale(const LatentAttention& attention) {
  const Integer width = attention.nope_head_dim + attention.rope_head_dim;
  const double scale = 1 / std::sqrt(width.as_double());
  if (!attention.rotary || !attention.rotary->scaling) return scale;
  const double mscale =
      std::visit([](const auto& kind) { return mscale_of(kind); }, *attention.rotary->scaling);
  return scale * mscale * mscale;
}

Reach reach_of(const GroupedAttention& attention) {
  if (attention.block_index) {
    return ChosenKeys{attention.block_index->blocks, attention.block_index->block};
  }
  if (attention.window) return Window{*attention.window};
  if (attention.chunk) return Chunk{*attention.chunk};
  return EveryKey{};
}

ValueId clipped(GraphBuilder& build, ValueId x, const GroupedAttention& attention,
                const std::string& name) {
  return attention.qkv_clip ? build.clip("clip " + name, x, *attention.qkv_clip) : x;
}

// Queries or keys on their way from the projection to the scores. `heads` vectors in a row.
ValueId prepare(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                const GroupedAttention& attention, Integer heads, WeightRole norm,
                const std::string& name) {
  const double epsilon = spec.norm.epsilon;
  if (attention.qk_norm == QkNorm::per_head) x = build.normalize_groups(x, epsilon, norm, heads);
  if (attention.qk_norm == QkNorm::whole) x = build.normalize_groups(x, epsilon, norm, 1);
  if (attention.qk_norm == QkNorm::layer_per_head) {
    x = build.normalize_heads(x, epsilon, norm, bias_of(norm).value(), heads);
  }
  if (attention.qk_norm == QkNorm::layer_of_each_head) {
    x = build.normalize_each_head(x, epsilon, norm, heads);
  }
  x = clipped(build, x, attention, name);
  if (attention.rotary) {
    const Rotary& rotary = *attention.rotary;
    x = build.rotate("rotate " + name, x, rotary, heads, 0,
                     rotary.dim.value_or(attention.head_dim));
  }
  if (attention.qk_norm == QkNorm::per_head_after_rotation) {
    x = build.normalize_groups(x, epsilon, norm, heads);
  }
  if (attention.qk_norm == QkNorm::unweighted_after_rotation) {
    x = build.normalize_unweighted("normalise " + name, x, epsilon, heads);
  }
  return x;
}

double score_scale(const GroupedAttention& attention) {
  if (attention.score_multiplier) return *attention.score_multiplier;
  return 1 / std::sqrt(attention.query_scalar.value_or(attention.head_dim).as_double());
}

// The values of a token, from the input of attention or from the keys as they are projected.
ValueId lower_values(GraphBuilder& build, const ArchSpec& spec, ValueId x, ValueId projected_keys,
                     const GroupedAttention& attention) {
  ValueId v = projected_keys;
  if (!attention.values_from_keys) {
    v = build.project(x, attention.kv_heads * value_width(attention), WeightRole::value,
                      bias_if(attention.qkv_bias, WeightRole::value_bias));
  }
  v = clipped(build, v, attention, "values");
  v = multiplied(build, "scale values", v, attention.value_scale);
  if (!attention.value_norm) return v;
  return build.normalize_unweighted("normalise values", v, spec.norm.epsilon, attention.kv_heads);
}

KvCacheIds store_keys_and_values(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                                 const GroupedAttention& attention) {
  build.in(Component::attention, WorkKind::projections);
  const ValueId projected =
      build.project(x, attention.kv_heads * attention.head_dim, WeightRole::key,
                    bias_if(attention.qkv_bias, WeightRole::key_bias));
  const ValueId v = lower_values(build, spec, x, projected, attention);
  ValueId k = multiplied(build, "multiply keys", projected, attention.key_multiplier);
  k = prepare(build, spec, k, attention, attention.kv_heads, WeightRole::key_norm, "keys");
  build.in(Component::attention, WorkKind::attention);
  // Any position may be chosen, so every one is kept.
  const Reach reach = attention.block_index ? Reach(EveryKey{}) : reach_of(attention);
  const CacheId keys = build.store("keys", k, reach);
  return {keys, build.store("values", v, reach, CacheSide::values)};
}

// The index queries and the index key of a token, one for each key/value head and one for all; and
// the blocks that they choose.
void lower_index(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                 const GroupedAttention& attention) {
  const auto& [head_dim, block, blocks] = *attention.block_index;
  build.in(Component::attention, WorkKind::projections);
  ValueId q = build.project(x, attention.kv_heads * head_dim, WeightRole::index_query);
  q = prepare(build, spec, q, attention, attention.kv_heads, WeightRole::index_query_norm,
              "index queries");
  ValueId k = build.project(x, head_dim, WeightRole::index_key);
  k = prepare(build, spec, k, attention, 1, WeightRole::index_key_norm, "index keys");
  build.in(Component::attention, WorkKind::attention);
  const CacheId keys = build.store("index keys", k, EveryKey{});
  build.choose_keys(
      {attention.kv_heads, 1, head_dim, ChosenKeys{blocks, block}, q, {}, keys, EveryKey{}});
}

// The same for latent attention, whose index queries are made of the query's latent.
void lower_index(GraphBuilder& build, ValueId x, ValueId query_latent,
                 const LatentAttention& attention) {
  const KeyIndex& index = *attention.key_index;
  const Integer turned = attention.rope_head_dim;
  Rotary rotary = attention.rotary.value();
  rotary.layout = index.layout;
  ValueId q = build.project(query_latent, index.heads * index.head_dim, WeightRole::index_query);
  q = build.rotate("rotate index queries", q, rotary, index.heads, 0, turned);
  ValueId k = build.project(x, index.head_dim, WeightRole::index_key);
  k = build.normalize_heads(k, index.key_norm_epsilon, WeightRole::index_key_norm,
                            WeightRole::index_key_norm_bias, 1);
  k = build.rotate("rotate index keys", k, rotary, 1, 0, turned);
  ValueId weights = build.project(x, index.heads, WeightRole::index_weights);
  // The scale of the products, which are weighed only where they are above 0, is the weights'.
  weights = build.scale("scale index weights", weights,
                        1 / std::sqrt((index.heads * index.head_dim).as_double()));
  build.in(Component::attention, WorkKind::attention);
  const CacheId keys = build.store("index keys", k, EveryKey{});
  const ChosenKeys chosen{attention.chosen_keys.value()};
  build.choose_keys({1, index.heads, index.head_dim, chosen, q, weights, keys, EveryKey{}});
  build.in(Component::attention, WorkKind::projections);
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
    if (attention.key_index) lower_index(build, x, q, attention);
    q = build.project(q, columns, WeightRole::query_up);
  } else {
    q = build.project(q, columns, WeightRole::query);
  }
  q = multiplied(build, "multiply queries", q, attention.query_multiplier);
  if (attention.rotary) {
    q = build.rotate("rotate queries", q, *attention.rotary, attention.query_heads, nope, rope);
  }
  return attention.temperature ? build.scale_by_position(q, *attention.temperature) : q;
}

}  // namespace

ValueId gate_output(GraphBuilder& build, ValueId x, ValueId mixed, const OutputGate& gate,
                    Integer heads) {
  build.in(Component::attention, WorkKind::projections);
  if (gate.width == GateWidth::head) {
    const ValueId gates = build.project(x, heads, WeightRole::attention_gate);
    return build.gate_rows("gate each head", gates, mixed, gate.activation);
  }
  const ValueId gates = build.project(x, build.columns(mixed), WeightRole::attention_gate);
  return build.gate("gate the output", gates, mixed, {gate.activation});
}

// Grouped-query attention (arXiv 2305.13245); multi-head when every query head has its own key.
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches& caches, ValueId x,
                    const GroupedAttention& attention) {
  build.in(Component::attention, WorkKind::projections);
  ValueId q = build.project(x, attention.query_heads * attention.head_dim, WeightRole::query,
                            bias_if(attention.qkv_bias, WeightRole::query_bias));
  q = prepare(build, spec, q, attention, attention.query_heads, WeightRole::query_norm, "queries");
  if (attention.temperature) q = build.scale_by_position(q, *attention.temperature);
  if (!caches.shared) caches.own = store_keys_and_values(build, spec, x, attention);
  if (attention.block_index) lower_index(build, spec, x, attention);
  const KvCacheIds read = caches.shared ? *caches.shared : *caches.own;
  ValueId mixed = build.in(Component::attention, WorkKind::attention)
                      .attend(attention, score_scale(attention), reach_of(attention), q, read.keys,
                              read.values);
  if (attention.output_gate) {
    mixed = gate_output(build, x, mixed, *attention.output_gate, attention.query_heads);
  }
  return build.in(Component::attention, WorkKind::projections)
      .project(mixed, spec.hidden, WeightRole::attention_output,
               bias_if(attention.output_bias, WeightRole::attention_output_bias));
}

// Multi-head latent attention (arXiv 2405.04434, section 2.1). Both forms are in the graph; the
// workload says which one runs.
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const LatentAttention& attention) {
  const LatentShape shape{attention.query_heads, attention.nope_head_dim, attention.rope_head_dim,
                          attention.value_head_dim, attention.kv_latent_dim};
  const bool bias = attention.compression_bias;
  build.in(Component::attention, WorkKind::projections);
  const ValueId q = lower_latent_query(build, x, attention);

  ValueId latent = build.project(x, shape.latent_dim, WeightRole::latent_down,
                                 bias_if(bias, WeightRole::latent_down_bias));
  latent =
      build.normalize_groups(latent, attention.latent_norm_epsilon, WeightRole::latent_norm, 1);
  latent = multiplied(build, "multiply latents", latent, attention.latent_multiplier);
  ValueId rope_key = build.project(x, shape.rope_dim, WeightRole::rope_key,
                                   bias_if(bias, WeightRole::rope_key_bias));
  if (attention.rotary) {
    rope_key = build.rotate("rotate keys", rope_key, *attention.rotary, 1, 0, shape.rope_dim);
  }
  build.in(Component::attention, WorkKind::attention);
  const CacheId latents = build.store("latents", latent, EveryKey{});
  const CacheId rope_keys = build.store("rotary keys", rope_key, EveryKey{});

  const WeightId key_up =
      build.weight(WeightRole::key_up, shape.heads * shape.nope_dim, shape.latent_dim);
  const WeightId value_up =
      build.weight(WeightRole::value_up, shape.heads * shape.value_dim, shape.latent_dim);
  const Reach reach =
      attention.chosen_keys ? Reach(ChosenKeys{*attention.chosen_keys}) : Reach(EveryKey{});
  const GraphBuilder::LatentParts parts{
      shape, softmax_scale(attention), reach, latents, rope_keys, key_up, value_up};
  ValueId mixed = build.attend_absorbed(parts, q);
  build.attend_expanded(parts, q, mixed);
  if (attention.output_gate) {
    mixed = gate_output(build, x, mixed, *attention.output_gate, attention.query_heads);
  }
  return build.in(Component::attention, WorkKind::projections)
      .project(mixed, spec.hidden, WeightRole::attention_output,
               bias_if(attention.output_bias, WeightRole::attention_output_bias));
}

}  // namespace llmarch
