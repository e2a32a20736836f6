#include <cmath>

#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

// When magnitudes are matched, a smaller mean square is replaced by this (modeling_gemma3n.py).
constexpr double kLeastMeanSquare = 1e-5;

// tanh of a projection of one stream: what the coefficients are made from.
ValueId route(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router, ValueId x) {
  build.in(Component::parallel_streams, WorkKind::residual);
  x = build.normalize_by("stream router norm", x, spec.norm.epsilon, router.norm);
  x = build.scale("scale router input", x, 1 / spec.hidden.as_double());
  x = build.project_by("stream router", x, router.projection);
  return build.in(Component::parallel_streams, WorkKind::feed_forward)
      .activate(x, Activation::tanh);
}

}  // namespace

// The token's row of every layer's table, scaled by the root of its width, plus a projection of its
// embedding; the sum over the root of 2 (transformers, modeling_gemma3n.py).
ValueId lower_per_layer_inputs(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  const PerLayerEmbedding& table = *spec.per_layer_embedding;
  const Integer layers = layer_count(spec);
  const Integer columns = layers * table.width;
  build.in(Component::per_layer_embedding, WorkKind::embedding);
  ValueId token = build.embed(table.vocabulary, columns, WeightRole::per_layer_embedding);
  build.in(Component::per_layer_inputs, WorkKind::residual);
  token = build.scale("scale per-layer embedding", token, std::sqrt(table.width.as_double()));
  ValueId projected = build.project(x, columns, WeightRole::per_layer_projection);
  projected =
      build.scale("scale per-layer projection", projected, 1 / std::sqrt(spec.hidden.as_double()));
  projected = build.normalize_groups(projected, spec.norm.epsilon,
                                     WeightRole::per_layer_projection_norm, layers);
  const ValueId sum = build.add("per-layer inputs", projected, token);
  return build.scale("scale per-layer inputs", sum, 1 / std::sqrt(2.0));
}

// The embedding, and a projection of it for every other stream, of the same magnitude.
ValueId expand_streams(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  build.in(Component::parallel_streams, WorkKind::residual);
  const Integer others = spec.parallel_streams->count - 1;
  ValueId made = build.project_each(x, spec.hidden, others, WeightRole::stream_expansion);
  made = build.match_magnitude("match streams", made, x, others, kLeastMeanSquare);
  return build.join_columns("join streams", x, made);
}

// Every other stream is projected and brought to the magnitude of the first; then the mean of all
// is taken.
ValueId merge_streams(GraphBuilder& build, const ArchSpec& spec, ValueId streams) {
  build.in(Component::parallel_streams, WorkKind::residual);
  const Integer hidden = spec.hidden;
  const Integer others = spec.parallel_streams->count - 1;
  const ValueId first = build.select_columns("first stream", streams, 0, hidden);
  ValueId rest = build.select_columns("other streams", streams, hidden, others * hidden);
  rest = build.project_parts(rest, hidden, others, WeightRole::stream_merger);
  rest = build.match_magnitude("match streams", rest, first, others, kLeastMeanSquare);
  const ValueId all = build.join_columns("join streams", first, rest);
  return build.average_vectors("mean of streams", all, spec.parallel_streams->count);
}

// The token's own row of this layer, multiplied by a gate (Gemma 3n).
ValueId per_layer_output(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  build.in(Component::per_layer_inputs, WorkKind::residual);
  const PerLayerEmbedding& table = *spec.per_layer_embedding;
  const ValueId token = build.per_layer_input(table.width);
  if (table.scaled_input) x = build.scale_columns(x, WeightRole::per_layer_input_scale);
  const ValueId gate = build.project(x, table.width, WeightRole::per_layer_gate);
  x = build.in(Component::per_layer_inputs, WorkKind::feed_forward)
          .gate("gated activation", gate, token, {table.activation});
  x = build.in(Component::per_layer_inputs, WorkKind::residual)
          .project(x, spec.hidden, WeightRole::per_layer_output);
  return build.normalize_groups(x, spec.norm.epsilon, WeightRole::per_layer_norm, 1);
}

// LAuReL (arXiv 2411.07501): (x + n + norm(up(down(n)))) / root of 2, where n is the input of
// attention, and x the sum of the residual stream and the output of attention.
ValueId low_rank_residual(GraphBuilder& build, const ArchSpec& spec, ValueId given, ValueId x) {
  if (!spec.low_rank_residual) return x;
  build.in(Component::low_rank_residual, WorkKind::residual);
  ValueId h = build.project(given, *spec.low_rank_residual, WeightRole::residual_down);
  h = build.project(h, spec.hidden, WeightRole::residual_up);
  h = build.normalize_groups(h, spec.norm.epsilon, WeightRole::residual_norm, 1);
  h = build.add("low-rank residual", given, h);
  h = build.add("add low-rank residual", x, h);
  return build.scale("scale residual", h, 1 / std::sqrt(2.0));
}

StreamRouter stream_router(GraphBuilder& build, const ArchSpec& spec) {
  return {build.weight(WeightRole::stream_router_norm, 1, spec.hidden),
          build.weight(WeightRole::stream_router, spec.parallel_streams->count, spec.hidden)};
}

ValueId active_stream(GraphBuilder& build, const ArchSpec& spec, ValueId streams) {
  build.in(Component::parallel_streams, WorkKind::residual);
  const Integer offset = spec.parallel_streams->active * spec.hidden;
  return build.select_columns("active stream", streams, offset, spec.hidden);
}

ValueId predict_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId streams) {
  const Integer count = spec.parallel_streams->count;
  const ValueId routed = route(build, spec, router, active_stream(build, spec, streams));
  const ValueId coefficients = build.in(Component::parallel_streams, WorkKind::residual)
                                   .project(routed, count * count, WeightRole::stream_prediction);
  return build.predict_streams(streams, coefficients, count);
}

ValueId correct_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId streams, ValueId done) {
  const ParallelStreams& parallel = *spec.parallel_streams;
  const ValueId routed = route(build, spec, router, done);
  const ValueId coefficients =
      build.in(Component::parallel_streams, WorkKind::residual)
          .project_clipped(routed, parallel.count, WeightRole::stream_correction,
                           parallel.coefficient_clip);
  return build.correct_streams(streams, done, coefficients, parallel);
}

ValueId weigh_streams(GraphBuilder& build, const ArchSpec& spec, Site site, const SiteRoles& roles,
                      ValueId streams) {
  const HyperConnections& connections = *spec.hyper_connections;
  const Integer count = connections.count;
  const bool mixes = site == Site::before_sublayer;
  const ValueId given =
      build.normalize_unweighted("normalise streams", streams, spec.norm.epsilon, 1);
  build.in(Component::parallel_streams, WorkKind::residual);
  const ValueId mixed =
      build.project(given, mixes ? count * (count + 2) : count, roles.stream_weights);
  const auto iterations = mixes ? std::optional(connections.iterations) : std::nullopt;
  return build.weigh_streams(mixed, connections, iterations, roles.stream_scale, roles.stream_bias);
}

ValueId collapse_streams(GraphBuilder& build, const ArchSpec& spec, ValueId streams,
                         ValueId weights) {
  return build.in(Component::parallel_streams, WorkKind::residual)
      .collapse_streams(streams, weights, spec.hyper_connections->count);
}

ValueId attend_residuals(GraphBuilder& build, const ArchSpec& spec, Integer vectors,
                         const SiteRoles& roles, ValueId stream) {
  if (vectors == 1) return stream;
  const ValueId keys =
      build.normalize_groups(stream, spec.norm.epsilon, roles.residual_norm, vectors);
  return build.in(Component::parallel_streams, WorkKind::residual)
      .attend_vectors(stream, keys, vectors, roles.residual_query);
}

}  // namespace llmarch
