#include "sim/spec/arch_spec.h"

#include <cmath>

namespace llmarch {

double growth_at(const Temperature& temperature, double position) {
  const double counted = temperature.from_zero ? position : position + 1;
  const double steps = std::floor(counted / temperature.floor.as_double());
  return 1 + temperature.strength * std::log(steps + 1);
}

double score_growth_at(const std::optional<Integer>& length, double position) {
  if (!length || position <= length->as_double()) return 1;
  return std::log(position) / std::log(length->as_double());
}

std::vector<std::string> other_names(const ArchSpec& spec) {
  return spec.also.value_or(std::vector<std::string>{});
}

std::vector<std::size_t> layer_sequence(const ArchSpec& spec) {
  std::vector<std::size_t> sequence;
  for (const Segment& segment : spec.stack) {
    for (Integer round = 0; round < segment.repeat; round += 1) {
      for (const Reference& layer : segment.layers) sequence.push_back(layer.index);
    }
  }
  return sequence;
}

Integer layer_count(const ArchSpec& spec) {
  Integer count = 0;
  for (const Segment& segment : spec.stack) {
    count += segment.repeat * static_cast<std::int64_t>(segment.layers.size());
  }
  return count;
}

std::vector<Sublayer> sublayers_of(const Layer& layer) {
  if (layer.sublayers) return *layer.sublayers;
  std::vector<Sublayer> sublayers;
  if (layer.attention) sublayers.push_back({{{layer.attention, std::nullopt}}});
  if (layer.feed_forward) sublayers.push_back({{{std::nullopt, layer.feed_forward}}});
  return sublayers;
}

bool stands_before(const std::optional<Norm>& norm) {
  return norm && (norm->placement == NormPlacement::before ||
                  norm->placement == NormPlacement::before_and_after ||
                  norm->placement == NormPlacement::before_residual);
}

bool stands_after(const std::optional<Norm>& norm) {
  return norm && (norm->placement == NormPlacement::after ||
                  norm->placement == NormPlacement::before_and_after);
}

bool stands_after_residual(const std::optional<Norm>& norm) {
  return norm && norm->placement == NormPlacement::after_residual;
}

std::optional<Norm> norm_around(const ArchSpec& spec, const Sublayer& sublayer) {
  if (sublayer.norm) return sublayer.norm;
  const bool within = std::ranges::any_of(
      sublayer.blocks, [](const SublayerBlock& block) { return block.norm.has_value(); });
  return within ? std::nullopt : std::optional(spec.norm);
}

namespace {

std::vector<std::size_t> named_in(const Layer& layer,
                                  std::optional<Reference> SublayerBlock::*member) {
  std::vector<std::size_t> indices;
  for (const Sublayer& sublayer : sublayers_of(layer)) {
    for (const SublayerBlock& block : sublayer.blocks) {
      if (block.*member) indices.push_back((block.*member)->index);
    }
  }
  return indices;
}

}  // namespace

std::vector<std::size_t> mixers_of(const Layer& layer) {
  return named_in(layer, &SublayerBlock::attention);
}

std::vector<std::size_t> feed_forwards_of(const Layer& layer) {
  return named_in(layer, &SublayerBlock::feed_forward);
}

std::optional<std::size_t> shared_attention(const Mixer& mixer) {
  const Reference* const owner = cache_owner(mixer);
  return owner != nullptr ? std::optional(owner->index) : std::nullopt;
}

std::vector<CacheSharing> shared_caches(const ArchSpec& spec) {
  std::vector<std::optional<std::size_t>> newest(spec.attention.size());  // layer with each
  std::vector<CacheSharing> sharings;
  std::vector<std::vector<std::size_t>> mixers;  // of each kind of layer
  for (const auto& [name, layer] : spec.layer) mixers.push_back(mixers_of(layer));
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  for (std::size_t place = 0; place < kinds.size(); ++place) {
    for (const std::size_t mixer : mixers.at(kinds[place])) {
      const auto owner = shared_attention(spec.attention.at(mixer).value);
      if (owner) sharings.push_back({place, mixer, newest.at(*owner)});
      newest.at(mixer) = place;
    }
  }
  return sharings;
}

}  // namespace llmarch
