// What a block of a layer is, described once for everyone who shows it: pictures and terminal draw
// these facts (facts.h), the rows of a comparison and its notes ask them. Described from the spec
// alone; what a block costs is known by sim/cost, how a figure is written and where a line stands
// by reports.
//
// To add a kind of block: an overload of `facts_of` in one of the *_facts.h, which the compiler
// asks for.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "sim/describe/facts.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

std::string_view name_of(BlockFamily family);  // "mixture feed-forward"
std::string_view layers_with(Trait trait);     // "layers with a window"
std::string_view common_name(NormKind kind);   // "RMSNorm"

// The sizes of a mixer's attention; 0 for what it does not have.
struct AttentionSizes {
  Integer query_heads, kv_heads, head_dim, kv_latent_dim, window, chunk;
};
AttentionSizes sizes_of(const Mixer& mixer);

BlockFacts describe(const ArchSpec& spec, const Mixer& mixer);
BlockFacts describe(const ArchSpec& spec, const FeedForward& feed_forward);
// With the facts of its place in a sublayer: a norm of its own, and when its output is added.
BlockFacts describe(const ArchSpec& spec, const SublayerBlock& block);

// Those that at least one of the layer's blocks has.
std::set<Trait> traits_of(const ArchSpec& spec, const Layer& layer);

// Every attention of the spec and then every feed-forward, each once.
std::vector<BlockFacts> blocks_of(const ArchSpec& spec);

}  // namespace llmarch
