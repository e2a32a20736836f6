// What a block of a layer is, described once for everyone who shows it: pictures and terminal draw
// these facts, the rows of a comparison and its notes ask them. Described from the spec alone; what
// a block costs is known by sim/cost, how a figure is written and where a line stands by reports.
//
// To add a kind of block: an overload of `describe` in block_facts.cc, which the compiler asks for.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// Words and figures in the order in which they are read: {32, " query heads of ", 128}.
using Phrase = std::vector<std::variant<std::string, Integer, double>>;

// The group of a block's rows in a table, and its colour in a picture.
enum class BlockFamily { attention, dense_feed_forward, mixture_feed_forward };

std::string_view name_of(BlockFamily family);  // "mixture feed-forward"

// What only some layers of a model may have, so that a comparison says which.
enum class Trait {
  parallel_blocks,
  window,
  chunk,
  no_positions,
  shared_cache,
  fixed_state,
  experts
};

std::string_view layers_with(Trait trait);  // "layers with a window"

// What a block keeps for the positions to come: so many elements for each position of a sequence,
// or a fixed state of so many for each sequence.
enum class KeptFor { each_position, each_sequence };
struct Kept {
  KeptFor each;
  Phrase product;  // {"2 × ", 8, " × ", 128}
  Integer elements;
};

// A feed-forward from inside: up, activation, down; or a gate beside the way up, whose product goes
// down.
enum class Paths { one, gated };
struct FeedForwardPaths {
  Paths paths;
  std::string_view activation;
};

enum class SharedExperts { none, some };
struct ExpertChoice {
  Integer experts, chosen;
  SharedExperts shared;
};

// What a picture shows of a block's inside.
using Inside = std::variant<std::monostate, FeedForwardPaths, ExpertChoice>;

// The figures below which a note on a block belongs: what is held, what a step does, how either
// grows with the context.
enum class NotedFigures { memory, work, sweep };

struct BlockFacts {
  BlockFamily family;
  std::string name;  // "multi-query attention"
  std::string kind;  // what it is within its family: "multi-query"; empty where there is one kind
  std::vector<Phrase> facts;  // in the order in which the data flows
  std::set<Trait> traits;
  std::optional<Kept> kept;
  Inside inside;
  std::map<NotedFigures, Phrase> notes;
};

std::string_view common_name(NormKind kind);  // "RMSNorm"

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
