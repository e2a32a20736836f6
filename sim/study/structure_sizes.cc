#include "sim/study/structure_sizes.h"

#include <algorithm>

namespace llmarch {
namespace {

bool has_limited_reach(const Mixer& mixer) {
  const AttentionSizes sizes = sizes_of(mixer);
  return sizes.window > 0 || sizes.chunk > 0;
}

FeedForwardSizes feed_forward_sizes(const DenseFeedForward& dense) {
  return {dense.width, 0, 0, 0, 0};
}
FeedForwardSizes feed_forward_sizes(const MixtureFeedForward& mixture) {
  return {0, mixture.experts, mixture.experts_per_token, mixture.expert_width,
          mixture.shared_width.value_or(0)};
}
FeedForwardSizes sizes_of(const FeedForward& feed_forward) {
  return std::visit([](const auto& kind) { return feed_forward_sizes(kind); }, feed_forward);
}

template <class Kind, class Sizes>
Integer largest(const std::vector<Named<Kind>>& kinds, Integer Sizes::*size) {
  Integer most = 0;
  for (const auto& [name, kind] : kinds) most = std::max(most, sizes_of(kind).*size);
  return most;
}

template <class Property>
Integer count_layers(const ArchSpec& spec, const Property& property) {
  Integer count;
  for (const std::size_t kind : layer_sequence(spec)) {
    if (property(spec.layer.at(kind).value)) count += 1;
  }
  return count;
}

}  // namespace

Integer largest_size(const ArchSpec& spec, Integer AttentionSizes::*size) {
  return largest(spec.attention, size);
}

Integer largest_size(const ArchSpec& spec, Integer FeedForwardSizes::*size) {
  return largest(spec.feed_forward, size);
}

Integer window_layers(const ArchSpec& spec) {
  return count_layers(
      spec, [&](const Layer& layer) { return has_mixer(spec, layer, has_limited_reach); });
}

Integer mixture_layers(const ArchSpec& spec) {
  return count_layers(
      spec, [&](const Layer& layer) { return has_feed_forward(spec, layer, is_mixture); });
}

bool has_experts(const ArchSpec& spec) {
  return std::ranges::any_of(spec.feed_forward,
                             [](const auto& kind) { return is_mixture(kind.value); });
}

}  // namespace llmarch
