#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

// The weights of a norm, by their roles before and after what it surrounds.
struct NormRoles {
  WeightRole before, before_bias, after, after_bias;
};

constexpr NormRoles kAttentionNorms{WeightRole::attention_norm, WeightRole::attention_norm_bias,
                                    WeightRole::post_attention_norm,
                                    WeightRole::post_attention_norm_bias};
constexpr NormRoles kFeedForwardNorms{
    WeightRole::feed_forward_norm, WeightRole::feed_forward_norm_bias,
    WeightRole::post_feed_forward_norm, WeightRole::post_feed_forward_norm_bias};

constexpr SiteRoles kAttentionSite{
    WeightRole::attention_stream_weights, WeightRole::attention_stream_scale,
    WeightRole::attention_stream_bias, WeightRole::attention_residual_norm,
    WeightRole::attention_residual_query};
constexpr SiteRoles kFeedForwardSite{
    WeightRole::feed_forward_stream_weights, WeightRole::feed_forward_stream_scale,
    WeightRole::feed_forward_stream_bias, WeightRole::feed_forward_residual_norm,
    WeightRole::feed_forward_residual_query};

// The part of the model that adding a feed-forward to the residual stream belongs to.
Component part_of(const DenseFeedForward&) {
  return Component::feed_forward;
}
Component part_of(const MixtureFeedForward&) {
  return Component::experts;
}

// The part that adding a block to the residual stream belongs to.
Component part_of(const ArchSpec& spec, const SublayerBlock& block) {
  const auto part = [](const auto& kind) { return part_of(kind); };
  return block.attention ? std::visit(part, spec.attention.at(block.attention->index).value)
                         : std::visit(part, spec.feed_forward.at(block.feed_forward->index).value);
}

bool mixes(const SublayerBlock& block) {
  return block.attention.has_value();
}

// A sublayer with a mixer is named after the mixer, whatever is beside it.
bool mixes(const Sublayer& sublayer) {
  return std::ranges::any_of(sublayer.blocks,
                             [](const SublayerBlock& block) { return mixes(block); });
}

std::string residual_name(const ArchSpec& spec, const Sublayer& sublayer) {
  const auto mixer = std::ranges::find_if(sublayer.blocks,
                                          [](const SublayerBlock& block) { return mixes(block); });
  if (mixer == sublayer.blocks.end()) return "residual after feed-forward";
  return "residual after " + std::string(name_of(part_of(spec, *mixer)));
}

ValueId lower_mixer(GraphBuilder& build, LayerLowering& layer, std::size_t mixer, ValueId x) {
  const Mixer& kind = layer.spec.attention.at(mixer).value;
  AttentionCaches caches;
  if (const auto owner = shared_attention(kind)) {
    caches.shared = layer.filled.at({layer.owners.at({layer.kind, mixer}), *owner});
  }
  x = std::visit(
      [&](const auto& attention) { return lower_mixer(build, layer.spec, caches, x, attention); },
      kind);
  if (caches.own) layer.filled.insert_or_assign({layer.kind, mixer}, *caches.own);
  return x;
}

ValueId lower_feed_forward(GraphBuilder& build, const ArchSpec& spec, std::size_t feed_forward,
                           const BlockInput& input) {
  return std::visit([&](const auto& kind) { return lower_feed_forward(build, spec, input, kind); },
                    spec.feed_forward.at(feed_forward).value);
}

// f(x) with the norms of the block's own.
ValueId lower_block(GraphBuilder& build, LayerLowering& layer, const SublayerBlock& block,
                    BlockInput input) {
  const NormRoles& roles = mixes(block) ? kAttentionNorms : kFeedForwardNorms;
  if (stands_before(block.norm)) {
    input.given = build.normalize(input.given, *block.norm, roles.before, roles.before_bias);
  }
  const Component part = part_of(layer.spec, block);
  build.in(part, WorkKind::residual);
  input.given = multiplied(build, "multiply the input", input.given, block.input_multiplier);
  ValueId x = mixes(block)
                  ? lower_mixer(build, layer, block.attention->index, input.given)
                  : lower_feed_forward(build, layer.spec, block.feed_forward->index, input);
  build.in(part, WorkKind::residual);
  x = multiplied(build, "multiply the output", x, block.output_multiplier);
  if (stands_after(block.norm)) {
    x = build.normalize(x, *block.norm, roles.after, roles.after_bias);
  }
  return x;
}

// The sublayers of one layer, and the outputs that wait for a later one.
class SublayerLowering {
 public:
  SublayerLowering(GraphBuilder& build, LayerLowering& layer) : build_(build), layer_(layer) {}

  ValueId lower(const Sublayer& sublayer, ValueId x) {
    const std::optional<Norm> norm = norm_around(layer_.spec, sublayer);
    const NormRoles& roles = mixes(sublayer) ? kAttentionNorms : kFeedForwardNorms;
    build_.enter_sublayer(sublayer_);
    const Reading reading = read(sublayer, x);
    ValueId given = reading.vector;
    if (stands_before(norm)) {
      given = build_.normalize(given, *norm, roles.before, roles.before_bias);
    }
    if (norm && norm->placement == NormPlacement::before_residual) x = given;
    ValueId sum = lower_blocks(sublayer, {reading.vector, given});
    if (stands_after(norm)) sum = build_.normalize(sum, *norm, roles.after, roles.after_bias);
    const Component part = part_of(layer_.spec, sublayer.blocks.front());
    sum = branch_multiplied(part, sum);
    x = multiplied(build_, "multiply residual stream", x, sublayer.stream_multiplier);
    sum = multiplied(build_, "multiply blocks' output", sum, sublayer.branch_multiplier);
    build_.in(part, WorkKind::residual);
    x = add(residual_name(layer_.spec, sublayer), reading, x, sum);
    x = add_delayed(x);
    if (stands_after_residual(norm)) {
      x = build_.normalize(x, *norm, roles.after, roles.after_bias);
    }
    if (mixes(sublayer)) x = low_rank_residual(build_, layer_.spec, given, x);
    ++sublayer_;
    return x;
  }

 private:
  struct Delayed {
    Component part;
    ValueId out;
  };

  // The vector that a sublayer reads of the residual stream, and where that is several streams, the
  // weights that it is made with.
  struct Reading {
    ValueId vector;
    std::optional<ValueId> weights = {};
  };

  Reading read(const Sublayer& sublayer, ValueId x) {
    const ArchSpec& spec = layer_.spec;
    const SiteRoles& roles = mixes(sublayer) ? kAttentionSite : kFeedForwardSite;
    if (spec.hyper_connections) {
      const ValueId weights = weigh_streams(build_, spec, Site::before_sublayer, roles, x);
      return {collapse_streams(build_, spec, x, weights), weights};
    }
    if (spec.residual_block) return {attend_residuals(build_, spec, vectors(), roles, x)};
    return {x};
  }

  // How many vectors the residual stream and what was put aside of it are.
  [[nodiscard]] Integer vectors() const {
    const bool opened = layer_.stage.opens && sublayer_ > 0;
    return layer_.stage.aside + (opened ? 2 : 1);
  }

  // The residual stream with what the sublayer adds to it. The first sublayer of a layer that puts
  // the stream aside begins a new one.
  ValueId add(const std::string& name, const Reading& reading, ValueId x, ValueId added) {
    const ArchSpec& spec = layer_.spec;
    if (spec.hyper_connections) {
      return build_.make_like(x, name, [&](ValueId out) {
        return MixStreams{spec.hyper_connections->count, x, added, *reading.weights, out};
      });
    }
    if (layer_.stage.opens && sublayer_ == 0) return build_.join_columns(name, x, added);
    if (spec.residual_block) {
      return build_.make_like(x, name, [&](ValueId out) { return AddToLastVector{x, added, out}; });
    }
    return build_.add(name, x, added);
  }

  // The sum of the blocks that are added at once; the others are put aside.
  ValueId lower_blocks(const Sublayer& sublayer, const BlockInput& input) {
    std::optional<ValueId> sum;
    for (std::size_t i = 0; i < sublayer.blocks.size(); ++i) {
      const SublayerBlock& block = sublayer.blocks[i];
      build_.enter_sublayer_block(i);
      const Component part = part_of(layer_.spec, block);
      const ValueId out = lower_block(build_, layer_, block, input);
      if (block.delay) {
        waiting_.emplace(sublayer_ + static_cast<std::size_t>(block.delay->value()),
                         Delayed{part, out});
      } else {
        sum = sum ? build_.in(part, WorkKind::residual).add("sum of parallel blocks", *sum, out)
                  : out;
      }
    }
    build_.enter_sublayer(sublayer_);
    return sum.value();
  }

  // What is about to be added to the residual stream.
  ValueId branch_multiplied(Component part, ValueId added) {
    build_.in(part, WorkKind::residual);
    return multiplied(build_, "multiply residual branch", added, layer_.spec.residual_multiplier);
  }

  ValueId add_delayed(ValueId x) {
    const auto [first, last] = waiting_.equal_range(sublayer_);
    for (auto entry = first; entry != last; ++entry) {
      const auto& [part, out] = entry->second;
      const ValueId added = branch_multiplied(part, out);
      x = build_.in(part, WorkKind::residual).add("residual after delayed block", x, added);
    }
    return x;
  }

  GraphBuilder& build_;
  LayerLowering& layer_;
  std::size_t sublayer_ = 0;
  std::multimap<std::size_t, Delayed> waiting_;  // by the sublayer after which they are added
};

}  // namespace

ValueId lower_sublayers(GraphBuilder& build, LayerLowering& layer, ValueId x) {
  SublayerLowering lowering(build, layer);
  for (const Sublayer& sublayer : sublayers_of(layer.spec.layer.at(layer.kind).value)) {
    x = lowering.lower(sublayer, x);
  }
  build.leave_sublayers();
  return x;
}

}  // namespace llmarch
