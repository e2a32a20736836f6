// What GraphBuilder appends for caches and fixed states, convolutions, attention and mixtures of
// experts.
#include <cmath>

#include "sim/graph/builder.h"

namespace llmarch {

CacheId GraphBuilder::append_store(const std::string& name, ValueId in, const State& state,
                                   CacheSide side) {
  graph_.caches.push_back({name, graph_.blocks.size() - 1, columns(in), state, side});
  append("store " + name, Store{graph_.caches.size() - 1, in});
  return graph_.caches.size() - 1;
}

CacheId GraphBuilder::store(const std::string& name, ValueId in, const Reach& reach,
                            CacheSide side) {
  return append_store(name, in, Growing{reach}, side);
}

CacheId GraphBuilder::store_waiting(const std::string& name, ValueId in, const Waiting& waiting) {
  return append_store(name, in, waiting, CacheSide::keys);
}

CacheId GraphBuilder::compressed_cache(std::string name, Integer columns, Integer positions) {
  graph_.caches.push_back(
      {std::move(name), graph_.blocks.size() - 1, columns, Compressed{positions}});
  return graph_.caches.size() - 1;
}

ValueId GraphBuilder::attend_shared(const CompressedAttention& attention, ValueId query,
                                    CacheId recent,
                                    const std::optional<AttendShared::OverEntries>& entries) {
  const WeightId sinks = weight(WeightRole::attention_sinks, 1, attention.query_heads);
  return make_like(query, "attention", [&](ValueId out) {
    return AttendShared{attention.query_heads,
                        attention.head_dim,
                        1 / std::sqrt(attention.head_dim.as_double()),
                        query,
                        recent,
                        Window{attention.window},
                        entries,
                        sinks,
                        out};
  });
}

CacheId GraphBuilder::fixed_state(std::string name, Integer columns, StateFormat format) {
  Cache state{std::move(name), graph_.blocks.size() - 1, columns, Fixed{format}};
  if (format == StateFormat::f32) state.format = plain(DType::f32);
  graph_.caches.push_back(std::move(state));
  return graph_.caches.size() - 1;
}

ValueId GraphBuilder::convolve(const std::string& name, ValueId in, WeightRole role, Integer kernel,
                               StateFormat format, BiasRole bias) {
  const WeightId taps = weight(role, columns(in), kernel);
  std::optional<WeightId> added;
  if (bias) added = weight(*bias, 1, columns(in));
  const CacheId state = fixed_state(name + " state", (kernel - 1) * columns(in), format);
  return make_like(in, name, [&](ValueId out) { return Convolve{taps, state, in, out, added}; });
}

ValueId GraphBuilder::recur(const std::string& name, Recurrence rule, Integer chunk) {
  rule.out = value(rows(rule.value), columns(rule.value));
  const std::size_t first = block().nodes.size();
  append(name, rule);
  only_in(RecurrenceForm::by_step, first);
  append(name + " by chunks", ChunkedRecurrence{rule, chunk});
  only_in(RecurrenceForm::by_chunk, first + 1);
  return rule.out;
}

ValueId GraphBuilder::attend(const GroupedAttention& attention, double scale, const Reach& reach,
                             ValueId query, CacheId keys, CacheId values) {
  const ValueId out = value(rows(query), attention.query_heads * value_width(attention));
  Attend attend{attention.query_heads,
                attention.kv_heads,
                attention.head_dim,
                scale,
                attention.score_soft_cap,
                reach,
                query,
                keys,
                values,
                out,
                attention.value_head_dim};
  attend.growth_length = attention.score_growth_length;
  if (attention.sinks) attend.sinks = weight(WeightRole::attention_sinks, 1, attention.query_heads);
  if (attention.alibi) {
    // Where it comes before the scale it comes twice: transformers' eager attention of Falcon, the
    // only one with this form, adds ALiBi to the scores and, scaled, to the mask as well.
    attend.alibi = *attention.alibi == Alibi::before_scaling ? 2 * scale : 1.0;
  }
  append("attention", attend);
  return out;
}

ValueId GraphBuilder::attend_absorbed(const LatentParts& parts, ValueId query) {
  const LatentShape& shape = parts.shape;
  const ValueId absorbed = value(rows(query), shape.heads * shape.latent_dim);
  const ValueId attended = value(rows(query), shape.heads * shape.latent_dim);
  const ValueId out = value(rows(query), shape.heads * shape.value_dim);
  const std::size_t first = block().nodes.size();
  in(Component::attention, WorkKind::projections);
  append("query absorption", AbsorbQuery{shape, parts.key_up, query, absorbed});
  in(Component::attention, WorkKind::attention);
  append("attention over latents", AttendLatent{shape, parts.scale, absorbed, query, parts.reach,
                                                parts.latents, parts.rope_keys, attended});
  in(Component::attention, WorkKind::projections);
  append("value expansion", ExpandAttended{shape, parts.value_up, attended, out});
  only_in(LatentForm::absorbed, first);
  return out;
}

void GraphBuilder::attend_expanded(const LatentParts& parts, ValueId query, ValueId out) {
  const LatentShape& shape = parts.shape;
  const ValueId keys = value(RowAxis::keys, shape.heads * shape.nope_dim);
  const ValueId values = value(RowAxis::keys, shape.heads * shape.value_dim);
  const std::size_t first = block().nodes.size();
  in(Component::attention, WorkKind::projections);
  append("latent expansion",
         ExpandLatents{parts.latents, parts.key_up, parts.value_up, keys, values});
  in(Component::attention, WorkKind::attention);
  append("attention", AttendExpanded{shape, parts.scale, parts.reach, query, keys, values,
                                     parts.rope_keys, out});
  only_in(LatentForm::expanded, first);
}

ValueId GraphBuilder::route(ValueId in, const MixtureFeedForward& mixture) {
  const Integer identities = mixture.identity_experts.value_or(0);
  const Integer experts = mixture.experts + identities;
  const auto of_experts = [&](bool present, WeightRole role) {
    return present ? std::optional(weight(role, 1, experts)) : std::nullopt;
  };
  const WeightId router = weight(WeightRole::router, experts, columns(in));
  const auto correction =
      of_experts(mixture.router.correction_bias, WeightRole::router_correction_bias);
  const auto bias = of_experts(mixture.router.bias, WeightRole::router_bias);
  const auto scale = of_experts(mixture.router.expert_scale, WeightRole::router_expert_scale);
  const ValueId out = value(rows(in), 2 * mixture.experts_per_token);
  block().values.at(out).content = Content::choice;
  Route route{
      mixture.router, experts,   mixture.experts_per_token, router, correction, in, out, bias,
      scale,          identities};
  if (mixture.router.listed_by_token) {
    route.listed =
        weight(WeightRole::router_list, 1, mixture.experts_per_token, token_vocabulary(graph_));
  }
  append("router", route);
  return out;
}

ValueId GraphBuilder::run_experts(ValueId in, ValueId choice, const MixtureFeedForward& mixture) {
  const Integer hidden = columns(in);
  const Integer width = mixture.expert_width;
  std::optional<WeightId> gate;
  if (!mixture.ungated) {
    gate = weight(WeightRole::expert_gate, width, hidden, mixture.experts);
  }
  const WeightId up = weight(WeightRole::expert_up, width, hidden, mixture.experts);
  const WeightId down = weight(WeightRole::expert_down, hidden, width, mixture.experts);
  std::optional<ExpertBiases> biases;
  if (mixture.expert_bias) {
    biases = ExpertBiases{weight(WeightRole::expert_gate_bias, 1, width, mixture.experts),
                          weight(WeightRole::expert_up_bias, 1, width, mixture.experts),
                          weight(WeightRole::expert_down_bias, 1, hidden, mixture.experts)};
  }
  const ValueId out = value(rows(in), hidden);
  append("experts", RunExperts{gate_form_of(mixture, mixture.gate_limit),
                               mixture.scaled_input ? Weighted::input : Weighted::output,
                               mixture.experts, mixture.experts_per_token, gate, up, down, in,
                               choice, out, biases, mixture.identity_experts.value_or(0)});
  return out;
}

ValueId GraphBuilder::repeat_vector(std::string name, ValueId in, Integer times) {
  const ValueId out = value(rows(in), times * columns(in));
  append(std::move(name), RepeatVector{times, in, out});
  return out;
}

ValueId GraphBuilder::weigh_streams(ValueId in, const HyperConnections& connections,
                                    std::optional<Integer> iterations, WeightRole scale_role,
                                    WeightRole bias_role) {
  const WeightId scale = weight(scale_role, 1, iterations ? 3 : 1);
  const WeightId bias = weight(bias_role, 1, columns(in));
  return make_like(in, "stream weights", [&](ValueId out) {
    return WeighStreams{connections.count, iterations, connections.epsilon, scale, bias, in, out};
  });
}

ValueId GraphBuilder::collapse_streams(ValueId in, ValueId weights, Integer streams) {
  const ValueId out = value(rows(in), columns(in) / streams);
  append("sum of streams", CollapseStreams{streams, in, weights, out});
  return out;
}

ValueId GraphBuilder::attend_vectors(ValueId in, ValueId keys, Integer vectors,
                                     WeightRole query_role) {
  const WeightId query = weight(query_role, 1, columns(in) / vectors);
  const ValueId out = value(rows(in), columns(in) / vectors);
  append("mean of residuals", AttendVectors{vectors, query, keys, in, out});
  return out;
}

}  // namespace llmarch
