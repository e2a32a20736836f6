#include "sim/graph/lower.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/graph/lower_parts.h"
#include "sim/graph/normal_quantile.h"

namespace llmarch {
namespace {

ValueId sparsify(GraphBuilder& build, ValueId x, const DenseFeedForward& dense) {
  if (!dense.activation_sparsity) return x;
  return build.sparsify(x, normal_quantile(static_cast<float>(*dense.activation_sparsity)));
}

// act(gate(x)) * up(x) (SwiGLU, arXiv 2002.05202), or act(up(x)).
ValueId activated(GraphBuilder& build, ValueId x, const DenseFeedForward& dense) {
  build.in(Component::feed_forward, WorkKind::feed_forward);
  const auto project = [&](WeightRole role, WeightRole bias) {
    return build.project(x, dense.width, role, bias_if(dense.bias, bias));
  };
  if (!dense.gated) {
    const ValueId up = project(WeightRole::up, WeightRole::up_bias);
    return build.activate(sparsify(build, up, dense), dense.activation);
  }
  const ValueId gate = project(WeightRole::gate, WeightRole::gate_bias);
  const ValueId up = project(WeightRole::up, WeightRole::up_bias);
  return build.gate(sparsify(build, gate, dense), up, dense.activation);
}

ValueId lower_feed_forward(GraphBuilder& build, ValueId x, Integer hidden,
                           const DenseFeedForward& dense) {
  return build.project(activated(build, x, dense), hidden, WeightRole::down,
                       bias_if(dense.bias, WeightRole::down_bias));
}

// Routed experts, and shared ones that every token runs (DeepSeekMoE, arXiv 2401.06066).
ValueId lower_feed_forward(GraphBuilder& build, ValueId x, Integer hidden,
                           const MixtureFeedForward& mixture) {
  const ValueId choice = build.in(Component::router, WorkKind::router).route(x, mixture);
  const ValueId routed =
      build.in(Component::experts, WorkKind::experts).run_experts(x, choice, mixture);
  if (!mixture.shared_width) return routed;
  build.in(Component::shared_experts, WorkKind::feed_forward);
  const ValueId gate = build.project(x, *mixture.shared_width, WeightRole::shared_gate);
  const ValueId up = build.project(x, *mixture.shared_width, WeightRole::shared_up);
  const ValueId inner = build.gate(gate, up, mixture.activation);
  ValueId shared = build.project(inner, hidden, WeightRole::shared_down);
  if (mixture.shared_gate) {
    const ValueId own = build.project(x, 1, WeightRole::shared_gate_vector);
    shared = build.gate_rows("gate shared experts", own, shared);
  }
  return build.in(Component::shared_experts, WorkKind::residual)
      .add("add shared experts", routed, shared);
}

void lower_input(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("embedding", BlockKind::input);
  ValueId x = build.in(Component::token_embedding, WorkKind::embedding)
                  .embed(spec.vocabulary, spec.hidden, WeightRole::token_embedding);
  if (spec.scaled_embedding) {
    build.in(Component::token_embedding, WorkKind::residual);
    x = build.scale("scale embedding", x, std::sqrt(spec.hidden.as_double()));
  }
  if (spec.learned_positions) {
    build.in(Component::position_embedding, WorkKind::embedding);
    x = build.add_positions(x, *spec.learned_positions);
  }
  if (spec.per_layer_embedding) build.give_to_layers(lower_per_layer_inputs(build, spec, x));
  if (spec.parallel_streams) x = expand_streams(build, spec, x);
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

// The part of the model that adding a feed-forward to the residual stream belongs to.
Component part_of(const DenseFeedForward&) {
  return Component::feed_forward;
}
Component part_of(const MixtureFeedForward&) {
  return Component::experts;
}

// x + f(x), with norms where the spec has them; the sum is work of `part`. `beside` is given what f
// is given, and the sum.
template <class Function, class Beside>
ValueId residual(GraphBuilder& build, const Norm& norm, const BlockNorms& norms, Component part,
                 const std::string& name, ValueId x, const Function& f, const Beside& beside) {
  const NormPlacement place = norm.placement;
  const bool before = place == NormPlacement::before || place == NormPlacement::before_and_after;
  const bool after = place == NormPlacement::after || place == NormPlacement::before_and_after;
  const ValueId given = before ? build.normalize(x, norm, norms.before, norms.before_bias) : x;
  ValueId h = f(given);
  if (after) h = build.normalize(h, norm, norms.after, norms.after_bias);
  x = build.in(part, WorkKind::residual).add(name, x, h);
  if (place == NormPlacement::after_residual) {
    x = build.normalize(x, norm, norms.after, norms.after_bias);
  }
  return beside(given, x);
}

// Attention and the feed-forward on one stream.
ValueId lower_blocks(GraphBuilder& build, LayerSurroundings& around, const Layer& layer,
                     ValueId x) {
  const ArchSpec& spec = around.spec;
  const Mixer& mixer = spec.attention.at(layer.attention.index).value;
  const FeedForward& feed_forward = spec.feed_forward.at(layer.feed_forward.index).value;
  const auto attention = [&](ValueId h) {
    return std::visit([&](const auto& kind) { return lower_attention(build, around, h, kind); },
                      mixer);
  };
  const auto feed = [&](ValueId h) {
    return std::visit(
        [&](const auto& kind) { return lower_feed_forward(build, h, spec.hidden, kind); },
        feed_forward);
  };
  x = residual(build, spec.norm, kAttentionNorms, Component::attention, "residual after attention",
               x, attention, [&](ValueId given, ValueId sum) {
                 return low_rank_residual(build, spec, given, sum);
               });
  const Component part = std::visit([](const auto& kind) { return part_of(kind); }, feed_forward);
  return residual(build, spec.norm, kFeedForwardNorms, part, "residual after feed-forward", x, feed,
                  [](ValueId, ValueId sum) { return sum; });
}

// A layer on a residual stream of one vector.
ValueId lower_single_stream(GraphBuilder& build, LayerSurroundings& around, const Layer& layer) {
  const ArchSpec& spec = around.spec;
  const ValueId x = lower_blocks(build, around, layer, build.block_input(spec.hidden));
  if (!spec.per_layer_embedding) return x;
  const ValueId more = per_layer_output(build, spec, x);
  return build.in(Component::per_layer_inputs, WorkKind::residual)
      .add("add per-layer output", x, more);
}

// AltUp: predict what the layer would do to every stream, run it on one, correct all by what it
// really did there. One router serves both steps.
ValueId lower_parallel_streams(GraphBuilder& build, LayerSurroundings& around, const Layer& layer) {
  const ArchSpec& spec = around.spec;
  const Integer count = spec.parallel_streams->count;
  ValueId streams = build.block_input(count * spec.hidden);
  const StreamRouter router = stream_router(build, spec);
  streams = predict_streams(build, spec, router, streams);
  const ValueId done = lower_blocks(build, around, layer, active_stream(build, spec, streams));
  streams = correct_streams(build, spec, router, streams, done);
  if (!spec.per_layer_embedding) return streams;
  const ValueId more = per_layer_output(build, spec, active_stream(build, spec, streams));
  return build.in(Component::per_layer_inputs, WorkKind::residual)
      .add_to_other_streams("add per-layer output", streams, more, count);
}

// Returns the caches that the layer fills, where it has grouped attention of its own.
std::optional<KvCacheIds> lower_layer(GraphBuilder& build, const ArchSpec& spec,
                                      const Named<Layer>& layer, std::optional<KvCacheIds> shared) {
  build.begin_block(layer.name, BlockKind::layer);
  LayerSurroundings around{spec, shared, std::nullopt};
  build.end_block(spec.parallel_streams ? lower_parallel_streams(build, around, layer.value)
                                        : lower_single_stream(build, around, layer.value));
  return around.own;
}

// Of each kind of layer that reads another's cache, the kind that fills it; rules.h sees to it that
// there is one.
std::map<std::size_t, std::size_t> owning_kinds(const ArchSpec& spec) {
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  const auto owners = cache_owners(spec);
  std::map<std::size_t, std::size_t> owning;
  for (std::size_t place = 0; place < kinds.size(); ++place) {
    if (owners[place]) owning[kinds[place]] = kinds[*owners[place]];
  }
  return owning;
}

// Lowers the kinds of layer, those that fill a cache before those that read it; where each then
// stands among the blocks.
std::vector<std::size_t> lower_layers(GraphBuilder& build, const ArchSpec& spec) {
  const auto owning = owning_kinds(spec);
  std::vector<std::size_t> blocks(spec.layer.size());
  std::vector<std::optional<KvCacheIds>> caches(spec.layer.size());
  std::size_t next = 1;  // behind the input block
  const auto lower_kind = [&](std::size_t kind, std::optional<KvCacheIds> shared) {
    caches[kind] = lower_layer(build, spec, spec.layer[kind], shared);
    blocks[kind] = next++;
  };
  for (std::size_t kind = 0; kind < spec.layer.size(); ++kind) {
    if (!owning.contains(kind)) lower_kind(kind, std::nullopt);
  }
  for (const auto& [kind, owner] : owning) lower_kind(kind, caches[owner]);
  return blocks;
}

void lower_output(GraphBuilder& build, const ArchSpec& spec) {
  build.begin_block("head", BlockKind::output);
  const Integer streams = spec.parallel_streams ? spec.parallel_streams->count : Integer(1);
  ValueId x = build.block_input(streams * spec.hidden);
  x = build.in(Component::head, WorkKind::head).select_rows(x);
  if (spec.parallel_streams) x = merge_streams(build, spec, x);
  x = build.normalize(x, spec.norm, WeightRole::final_norm, WeightRole::final_norm_bias);
  build.in(Component::head, WorkKind::head);
  ValueId logits = spec.head == Head::tied ? build.project_tied(x)
                                           : build.project(x, spec.vocabulary, WeightRole::head);
  if (spec.logit_soft_cap) logits = build.soft_cap("cap logits", logits, *spec.logit_soft_cap);
  build.end_block(logits);
}

}  // namespace

OpGraph lower(const ArchSpec& spec) {
  GraphBuilder build;
  lower_input(build, spec);
  const std::vector<std::size_t> blocks = lower_layers(build, spec);
  lower_output(build, spec);
  std::vector<std::size_t> layers = layer_sequence(spec);
  for (std::size_t& layer : layers) layer = blocks.at(layer);
  return build.finish(std::move(layers));
}

}  // namespace llmarch
