#include "sim/describe/block_facts.h"

#include <stdexcept>

#include "sim/describe/attention_facts.h"
#include "sim/describe/feed_forward_facts.h"
#include "sim/describe/state_mixer_facts.h"

namespace llmarch {
namespace {

// The norm of a block alone.
Phrase norm_phrase(const Norm& norm) {
  const std::string name(common_name(norm.kind));
  switch (norm.placement) {
    case NormPlacement::before: return {"its own " + name + " before"};
    case NormPlacement::after: return {"its own " + name + " after"};
    case NormPlacement::before_and_after: return {"its own " + name + " before and after"};
    case NormPlacement::after_residual: return {"its own " + name + " after the sum"};
    case NormPlacement::before_residual: return {"its own " + name + " of the stream"};
  }
  throw std::logic_error("norm_phrase: a placement outside the enumeration");
}

AttentionSizes attention_sizes(const GroupedAttention& attention) {
  return {attention.query_heads,        attention.kv_heads,         attention.head_dim, 0,
          attention.window.value_or(0), attention.chunk.value_or(0)};
}
// Every head makes its keys and values from the latent, so there are no key/value heads.
AttentionSizes attention_sizes(const LatentAttention& attention) {
  return {attention.query_heads,   0, attention.nope_head_dim + attention.rope_head_dim,
          attention.kv_latent_dim, 0, 0};
}
AttentionSizes attention_sizes(const CompressedAttention& attention) {
  return {attention.query_heads, 1, attention.head_dim, 0, attention.window, 0};
}
AttentionSizes attention_sizes(const StateMixer auto&) {
  return {};
}

}  // namespace

std::string_view name_of(BlockFamily family) {
  switch (family) {
    case BlockFamily::attention: return "attention";
    case BlockFamily::dense_feed_forward: return "dense feed-forward";
    case BlockFamily::mixture_feed_forward: return "mixture feed-forward";
  }
  throw std::logic_error("name_of: a family outside the enumeration");
}

std::string_view common_name(NormKind kind) {
  switch (kind) {
    case NormKind::rms: return "RMSNorm";
    case NormKind::layer: return "LayerNorm";
  }
  throw std::logic_error("common_name: a norm outside the enumeration");
}

std::string_view layers_with(Trait trait) {
  switch (trait) {
    case Trait::parallel_blocks: return "layers with parallel blocks";
    case Trait::window: return "layers with a window";
    case Trait::chunk: return "layers with chunks";
    case Trait::chosen_keys: return "layers that choose their keys";
    case Trait::compressed_cache: return "layers that compress their cache";
    case Trait::no_positions: return "layers without positions";
    case Trait::shared_cache: return "layers that read another's cache";
    case Trait::fixed_state: return "layers with a fixed state";
    case Trait::experts: return "layers with experts";
  }
  throw std::logic_error("layers_with: a trait outside the enumeration");
}

AttentionSizes sizes_of(const Mixer& mixer) {
  return std::visit([](const auto& kind) { return attention_sizes(kind); }, mixer);
}

BlockFacts describe(const ArchSpec& spec, const Mixer& mixer) {
  return std::visit([&](const auto& kind) { return facts_of(spec, kind); }, mixer);
}

BlockFacts describe(const ArchSpec& spec, const FeedForward& feed_forward) {
  return std::visit([&](const auto& kind) { return facts_of(spec, kind); }, feed_forward);
}

BlockFacts describe(const ArchSpec& spec, const SublayerBlock& block) {
  BlockFacts facts =
      block.attention
          ? describe(spec, spec.attention.at(block.attention->index).value)
          : describe(spec, spec.feed_forward.at(block.feed_forward.value().index).value);
  if (block.norm) facts.facts.push_back(norm_phrase(*block.norm));
  if (block.delay) {
    facts.facts.push_back(
        {"added ", *block.delay, *block.delay == 1 ? " sublayer later" : " sublayers later"});
  }
  return facts;
}

std::set<Trait> traits_of(const ArchSpec& spec, const Layer& layer) {
  std::set<Trait> traits;
  for (const std::size_t mixer : mixers_of(layer)) {
    traits.merge(describe(spec, spec.attention.at(mixer).value).traits);
  }
  for (const std::size_t feed_forward : feed_forwards_of(layer)) {
    traits.merge(describe(spec, spec.feed_forward.at(feed_forward).value).traits);
  }
  for (const Sublayer& sublayer : sublayers_of(layer)) {
    if (sublayer.blocks.size() > 1) traits.insert(Trait::parallel_blocks);
  }
  return traits;
}

std::vector<BlockFacts> blocks_of(const ArchSpec& spec) {
  std::vector<BlockFacts> blocks;
  for (const auto& [name, mixer] : spec.attention) blocks.push_back(describe(spec, mixer));
  for (const auto& [name, each] : spec.feed_forward) blocks.push_back(describe(spec, each));
  return blocks;
}

}  // namespace llmarch
