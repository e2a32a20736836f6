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

}  // namespace llmarch
