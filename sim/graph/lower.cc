#include "sim/graph/lower.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

ValueId lower_embedding(GraphBuilder& build, const ArchSpec& spec) {
  const Integer width = spec.embedding_width.value_or(spec.hidden);
  ValueId x = build.in(Component::token_embedding, WorkKind::embedding)
                  .embed(spec.vocabulary, width, WeightRole::token_embedding);
  if (spec.embedding_width) {
    build.in(Component::token_embedding, WorkKind::projections);
    x = build.project(x, spec.hidden, WeightRole::embedding_projection);
  }
  if (spec.scaled_embedding) {
    build.in(Component::token_embedding, WorkKind::residual);
    x = build.scale("scale embedding", x, std::sqrt(spec.hidden.as_double()));
  }
  if (spec.embedding_multiplier) {
    build.in(Component::token_embedding, WorkKind::residual);
    x = build.scale("multiply embedding", x, *spec.embedding_multiplier);
  }
  if (!spec.embedding_norm) return x;
  Norm norm = spec.norm;
  if (spec.embedding_norm_without) norm.without = spec.embedding_norm_without;
  return build.normalize(x, norm, WeightRole::embedding_norm, WeightRole::embedding_norm_bias);
}

// What a prediction layer is given: the token's embedding and the hidden state, each through a
// norm, side by side, projected to the width of the stream (DeepSeek-V3, arXiv 2412.19437, equation
// 21).
void lower_prediction_input(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("prediction input", BlockKind::input);
  const ValueId hidden = build.block_input(spec.hidden);
  const ValueId token = build.normalize_groups(lower_embedding(build, spec), spec.norm.epsilon,
                                               WeightRole::prediction_embedding_norm, 1);
  const ValueId state =
      build.normalize_groups(hidden, spec.norm.epsilon, WeightRole::prediction_hidden_norm, 1);
  const ValueId both = build.in(Component::prediction, WorkKind::residual)
                           .join_columns("join token and hidden state", token, state);
  build.end_block(build.in(Component::prediction, WorkKind::projections)
                      .project(both, spec.hidden, WeightRole::prediction_projection));
}

// The spec with a prediction layer as its only one: of the last kind, or of sublayers of its own.
ArchSpec prediction_layer_alone(ArchSpec spec) {
  Named<Layer> only = spec.layer.at(layer_sequence(spec).back());
  if (spec.beside && spec.beside->prediction_layer) {
    const PredictionLayer& own = *spec.beside->prediction_layer;
    only = {"prediction", {own.attention, own.feed_forward}};
    if (own.own_head) spec.head = Head::separate;
    spec.no_final_norm = own.no_final_norm;
  }
  spec.stack = {Segment{{{only.name, 0}}, 1}};
  spec.layer = {std::move(only)};
  return spec;
}

void lower_input(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("embedding", BlockKind::input);
  ValueId x = lower_embedding(build, spec);
  if (spec.learned_positions) {
    build.in(Component::position_embedding, WorkKind::embedding);
    x = build.add_positions(x, *spec.learned_positions, spec.position_offset.value_or(0));
  }
  if (spec.per_layer_embedding) build.give_to_layers(lower_per_layer_inputs(build, spec, x));
  if (spec.parallel_streams) x = expand_streams(build, spec, x);
  if (spec.hyper_connections) {
    x = build.in(Component::parallel_streams, WorkKind::residual)
            .repeat_vector("repeat for each stream", x, spec.hyper_connections->count);
  }
  build.end_block(x);
}

// By the constant of the layer, where the spec has one.
ValueId scale_layer(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  if (!spec.layer_scale) return x;
  return build.in(Component::norms, WorkKind::residual)
      .scale_by_constant(x, WeightRole::layer_scale);
}

// The columns of what a layer is given, or the head, where there are no AltUp streams.
Integer stream_columns(const ArchSpec& spec, const ResidualStage& stage) {
  if (spec.hyper_connections) return spec.hyper_connections->count * spec.hidden;
  return (stage.aside + 1) * spec.hidden;
}

// A layer whose sublayers read and add to the residual stream one after the other.
ValueId lower_single_stream(GraphBuilder& build, LayerLowering& layer) {
  const ArchSpec& spec = layer.spec;
  ValueId x = lower_sublayers(build, layer, build.block_input(stream_columns(spec, layer.stage)));
  if (spec.per_layer_embedding) {
    const ValueId more = per_layer_output(build, spec, x);
    x = build.in(Component::per_layer_inputs, WorkKind::residual)
            .add("add per-layer output", x, more);
  }
  return scale_layer(build, spec, x);
}

// AltUp: predict what the layer would do to every stream, run it on one, correct all by what it
// really did there. One router serves both steps.
ValueId lower_parallel_streams(GraphBuilder& build, LayerLowering& layer) {
  const ArchSpec& spec = layer.spec;
  const Integer count = spec.parallel_streams->count;
  ValueId streams = build.block_input(count * spec.hidden);
  const StreamRouter router = stream_router(build, spec);
  streams = predict_streams(build, spec, router, streams);
  const ValueId done = lower_sublayers(build, layer, active_stream(build, spec, streams));
  streams = correct_streams(build, spec, router, streams, done);
  if (spec.per_layer_embedding) {
    const ValueId more = per_layer_output(build, spec, active_stream(build, spec, streams));
    streams = build.in(Component::per_layer_inputs, WorkKind::residual)
                  .add_to_other_streams("add per-layer output", streams, more, count);
  }
  return scale_layer(build, spec, streams);
}

// For each mixer that reads another's cache, the kind of layer that fills it. rules.h sees to it
// that there is one kind for all layers of a kind.
std::map<MixerOfKind, std::size_t> owning_kinds(const ArchSpec& spec) {
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  std::map<MixerOfKind, std::size_t> owners;
  for (const CacheSharing& sharing : shared_caches(spec)) {
    owners[{kinds[sharing.layer], sharing.mixer}] = kinds[sharing.owner.value()];
  }
  return owners;
}

// The kinds of layer in an order in which those that fill a cache come before those that read it.
std::vector<std::size_t> lowering_order(const ArchSpec& spec,
                                        const std::map<MixerOfKind, std::size_t>& owners) {
  std::vector<std::size_t> order;
  const auto readers = [&](std::size_t kind) {
    return std::ranges::any_of(owners, [&](const auto& entry) {
      return entry.first.first == kind && entry.second != kind;
    });
  };
  for (std::size_t kind = 0; kind < spec.layer.size(); ++kind) order.push_back(kind);
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t kind) { return !readers(kind); });
  return order;
}

// Where a layer stands among the blocks of attention residuals; the first layer of each block puts
// the residual stream aside. Without them, every layer stands alike.
ResidualStage stage_of(const ArchSpec& spec, std::size_t layer) {
  if (!spec.residual_block) return {};
  const Integer place = static_cast<std::int64_t>(layer);
  const Integer each = *spec.residual_block;
  return {(place + each - 1) / each, place % each == 0};
}

// A kind of layer where it stands, and the index of its block.
using LoweredKinds = std::map<std::pair<std::size_t, ResidualStage>, std::size_t>;

// Every kind of layer at every place where the stack has it.
LoweredKinds kinds_in_stack(const ArchSpec& spec) {
  LoweredKinds kinds;
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    kinds.emplace(std::pair(sequence[i], stage_of(spec, i)), 0);
  }
  return kinds;
}

LoweredKinds lower_layers(GraphBuilder& build, const ArchSpec& spec) {
  const auto owners = owning_kinds(spec);
  std::map<MixerOfKind, KvCacheIds> filled;
  LoweredKinds kinds = kinds_in_stack(spec);
  std::size_t next = 1;  // after the input block
  for (const std::size_t kind : lowering_order(spec, owners)) {
    for (auto& [where, block] : kinds) {
      if (where.first != kind) continue;
      LayerLowering layer{spec, kind, owners, filled, where.second};
      build.begin_block(spec.layer[kind].name, BlockKind::layer);
      build.end_block(spec.parallel_streams ? lower_parallel_streams(build, layer)
                                            : lower_single_stream(build, layer));
      block = next++;
    }
  }
  return kinds;
}

ValueId lower_head(GraphBuilder& build, const ArchSpec& spec, ValueId x) {
  const BiasRole bias = bias_if(spec.head_bias, WeightRole::head_bias);
  switch (spec.head) {
    case Head::none: return x;
    case Head::tied: return build.project_tied(x, bias);
    case Head::separate:
      return build.project(x, spec.head_labels.value_or(spec.vocabulary), WeightRole::head, bias);
  }
  throw std::logic_error("lower_head: a head outside the enumeration");
}

void lower_output(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("head", BlockKind::output);
  const ResidualStage last = stage_of(spec, static_cast<std::size_t>(layer_count(spec).value()));
  const Integer columns = spec.parallel_streams ? spec.parallel_streams->count * spec.hidden
                                                : stream_columns(spec, last);
  ValueId x = build.block_input(columns);
  x = build.in(Component::head, WorkKind::head).select_rows(x);
  if (spec.parallel_streams) x = merge_streams(build, spec, x);
  if (spec.hyper_connections) {
    const ValueId weights = weigh_streams(build, spec, Site::before_head, kHeadSite, x);
    x = collapse_streams(build, spec, x, weights);
  }
  if (spec.residual_block) x = attend_residuals(build, spec, last.aside + 1, kHeadSite, x);
  if (!spec.no_final_norm) {
    x = build.normalize(x, spec.norm, WeightRole::final_norm, WeightRole::final_norm_bias);
  }
  build.in(Component::head, WorkKind::head);
  if (spec.embedding_width) {
    x = build.project(x, *spec.embedding_width, WeightRole::output_projection);
  }
  ValueId logits = lower_head(build, spec, x);
  if (spec.logit_multiplier) {
    logits = build.scale("multiply logits", logits, *spec.logit_multiplier);
  }
  if (spec.logit_soft_cap) logits = build.soft_cap("cap logits", logits, *spec.logit_soft_cap);
  build.end_block(logits);
}

}  // namespace

OpGraph lower_prediction_layer(const ArchSpec& spec) {
  const ArchSpec alone = prediction_layer_alone(spec);
  GraphBuilder build;
  lower_prediction_input(build, alone);
  const LoweredKinds kinds = lower_layers(build, alone);
  lower_output(build, alone);
  return build.finish({kinds.begin()->second});
}

OpGraph lower(const ArchSpec& spec) {
  GraphBuilder build;
  lower_input(build, spec);
  const LoweredKinds kinds = lower_layers(build, spec);
  lower_output(build, spec);
  std::vector<std::size_t> layers = layer_sequence(spec);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i] = kinds.at({layers[i], stage_of(spec, i)});
  }
  return build.finish(std::move(layers));
}

}  // namespace llmarch
