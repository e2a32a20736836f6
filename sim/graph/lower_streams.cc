// Source of all of it: Gemma 3n as transformers has it, modeling_gemma3n.py; AltUp is arXiv
// 2301.13310, LAuReL arXiv 2411.07501.
#include "sim/graph/lower_streams.h"

#include <cmath>

namespace llmarch {
namespace {

// Below this mean square a stream is not brought to another's magnitude by more.
constexpr double kMagnitudeFloor = 1e-5;

// The router's view of the active stream, one number for each stream, from -1 to 1.
ValueId route_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                      ValueId active) {
  ValueId view = build.normalize_with(router.norm, active, spec.norm.epsilon);
  view = build.scale("scale router input", view, 1 / spec.hidden.as_double());
  view = build.project_with(router.router, view);
  return build.activate("stream router activation", view, Activation::tanh);
}

std::string numbered(const char* what, Integer stream) {
  return what + std::to_string(stream.value());
}

}  // namespace

double normal_quantile(double probability) {
  // Bisection: the distribution function rises, and 200 halvings leave no more than rounding.
  double below = -40;
  double above = 40;
  for (int round = 0; round < 200; ++round) {
    const double middle = (below + above) / 2;
    const double share = 0.5 * std::erfc(-middle / std::sqrt(2.0));
    (share < probability ? below : above) = middle;
  }
  return (below + above) / 2;
}

void lower_layer_inputs(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  const PerLayerEmbedding& embedding = *spec.per_layer_embedding;
  const Integer layers = layer_count(spec);
  const Integer columns = layers * embedding.width;
  ValueId table = build.embed_also(WeightRole::per_layer_table, embedding.vocabulary, columns);
  table = build.scale("scale per-layer embedding", table, std::sqrt(embedding.width.as_double()));
  ValueId projected = build.project(x, columns, WeightRole::per_layer_projection);
  projected =
      build.scale("scale per-layer projection", projected, 1 / std::sqrt(spec.hidden.as_double()));
  projected = build.normalize_groups(projected, spec.norm.epsilon,
                                     WeightRole::per_layer_projection_norm, layers);
  const ValueId sum = build.add("per-layer inputs", projected, table);
  build.hand_to_layers(build.scale("scale per-layer inputs", sum, 1 / std::sqrt(2.0)));
}

ValueId enter_streams(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  std::vector<ValueId> streams{x};
  for (Integer stream = 1; stream < spec.streams->count; stream += 1) {
    const ValueId mapped = build.project_nth(WeightRole::stream_entry, stream - 1, x, spec.hidden);
    streams.push_back(build.match_magnitude(numbered("magnitude of stream ", stream), x, mapped,
                                            kMagnitudeFloor));
  }
  return build.join_columns("join streams", streams);
}

ValueId leave_streams(GraphBuilder& build, const ArchSpec& spec, ValueId streams) {
  const ValueId first = build.take_columns("stream 0", streams, 0, spec.hidden);
  ValueId sum = first;
  for (Integer stream = 1; stream < spec.streams->count; stream += 1) {
    const ValueId own =
        build.take_columns(numbered("stream ", stream), streams, stream * spec.hidden, spec.hidden);
    const ValueId mapped = build.project_nth(WeightRole::stream_exit, stream - 1, own, spec.hidden);
    const ValueId matched = build.match_magnitude(numbered("magnitude of stream ", stream), first,
                                                  mapped, kMagnitudeFloor);
    sum = build.add("sum of streams", sum, matched);
  }
  return build.scale("mean of streams", sum, 1 / spec.streams->count.as_double());
}

StreamRouter stream_router(GraphBuilder& build, const ArchSpec& spec) {
  return {build.weight(WeightRole::stream_router_norm, 1, spec.hidden),
          build.weight(WeightRole::stream_router, spec.streams->count, spec.hidden)};
}

ValueId active_stream(GraphBuilder& build, const ArchSpec& spec, ValueId streams) {
  return build.take_columns("active stream", streams, spec.streams->active * spec.hidden,
                            spec.hidden);
}

ValueId predict_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId streams) {
  const Integer count = spec.streams->count;
  const ValueId view = route_streams(build, spec, router, active_stream(build, spec, streams));
  const ValueId coefficients = build.project(view, count * count, WeightRole::stream_prediction);
  return build.mix_streams(count, coefficients, streams);
}

ValueId correct_streams(GraphBuilder& build, const ArchSpec& spec, const StreamRouter& router,
                        ValueId predicted, ValueId result) {
  const ValueId view = route_streams(build, spec, router, result);
  const WeightId correction =
      build.weight(WeightRole::stream_correction, spec.streams->count, spec.streams->count);
  build.clip(correction, spec.streams->coefficient_clip);
  const ValueId coefficients = build.project_with(correction, view);
  return build.correct_streams(*spec.streams, coefficients, result, predicted);
}

ValueId add_layer_input(GraphBuilder& build, const ArchSpec& spec, ValueId layer_input, ValueId x) {
  const PerLayerEmbedding& embedding = *spec.per_layer_embedding;
  ValueId h = spec.streams ? active_stream(build, spec, x) : x;
  if (spec.streams && spec.streams->output_scale) {
    h = build.scale_columns(WeightRole::stream_output_scale, h);
  }
  h = build.project(h, embedding.width, WeightRole::per_layer_gate);
  h = build.gate("per-layer gated activation", h, layer_input, embedding.activation);
  h = build.project(h, spec.hidden, WeightRole::per_layer_output);
  h = build.normalize_groups(h, spec.norm.epsilon, WeightRole::per_layer_norm, 1);
  if (spec.streams) return build.add_to_streams(spec.streams->count, 1, x, h);
  return build.add("add per-layer embedding", x, h);
}

ValueId lower_low_rank(GraphBuilder& build, const ArchSpec& spec, ValueId h) {
  ValueId low = build.project(h, *spec.low_rank_residual, WeightRole::low_rank_down);
  low = build.project(low, spec.hidden, WeightRole::low_rank_up);
  low = build.normalize_groups(low, spec.norm.epsilon, WeightRole::low_rank_norm, 1);
  return build.add("low-rank residual", h, low);
}

}  // namespace llmarch
