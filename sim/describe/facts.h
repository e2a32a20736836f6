// The facts of a block of a layer, as values. block_facts.h makes them from a spec.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/units.h"

namespace llmarch {

// Words and figures in the order in which they are read: {32, " query heads of ", 128}.
using Phrase = std::vector<std::variant<std::string, Integer, double>>;

// The group of a block's rows in a table, and its colour in a picture.
enum class BlockFamily { attention, dense_feed_forward, mixture_feed_forward };

// What only some layers of a model may have, so that a comparison says which.
enum class Trait {
  parallel_blocks,
  window,
  chunk,
  chosen_keys,
  compressed_cache,
  no_positions,
  shared_cache,
  fixed_state,
  experts
};

// What a block keeps for the positions to come: so many elements for each position of a sequence,
// for each group of positions, or a fixed state of so many for each sequence.
enum class KeptFor { each_position, each_group, each_sequence };
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

// Heads of attention: each key/value head serves query_heads / kv_heads query heads.
struct HeadSharing {
  Integer query_heads, kv_heads;
};

// The widths of latent attention: for each head those of the parts of a key, without positions and
// rotated, and of a value. query_latent is 0 where queries are projected in one step.
struct LatentPaths {
  Integer query_heads, query_latent, kv_latent, nope, rope, value;
};

// What a picture shows of a block's inside.
using Inside =
    std::variant<std::monostate, FeedForwardPaths, ExpertChoice, HeadSharing, LatentPaths>;

// Which positions up to its own a query attends to: the newest, those of its chunk, or those that
// an index chooses, block by block; and beyond the newest, entries that each stand for so many
// positions. 0 for what it does not have; all are 0 where it attends to every position.
enum class Sinks { none, some };
struct AttendedKeys {
  Integer window = 0, chunk = 0, chosen = 0, block = 0, entry = 0;
  Sinks sinks = Sinks::none;
};

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
  std::optional<AttendedKeys> reach = {};  // none where it keeps no keys
};

}  // namespace llmarch
