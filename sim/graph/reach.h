// Reach: which of the keys up to its own a query attends to. This file knows the kinds; what they
// cost is known by sim/cost, and which key is the first by the kernels: each on its own account.
#pragma once

#include <optional>
#include <variant>

#include "sim/units.h"

namespace llmarch {

// Every key up to the query's own.
struct EveryKey {
  friend bool operator==(const EveryKey&, const EveryKey&) = default;
};

// The `size` newest keys, the query's own among them. The cache need hold no more.
struct Window {
  Integer size;
  friend bool operator==(const Window&, const Window&) = default;
};

// The keys of the query's own chunk: those from the last multiple of `size` on. At the first
// position of a chunk a query attends to one key, and what was cached before is of no more use.
struct Chunk {
  Integer size;
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

// The keys of the `blocks` blocks of `size` positions that an index chose for the query, none of
// them after the query's own; all keys up to its own where there are no more blocks. A choice of
// blocks has the query's own among them.
struct ChosenKeys {
  Integer blocks;
  Integer size = 1;
  friend bool operator==(const ChosenKeys&, const ChosenKeys&) = default;
};

// Entries that stand for `positions` positions each: those of the groups that are complete with the
// query's own position; or, with `chosen`, so many of them, which an index chose, and all while
// there are no more.
struct Entries {
  Integer positions;
  std::optional<Integer> chosen = {};
  friend bool operator==(const Entries&, const Entries&) = default;
};

// Those of all keys up to the query's own that one of several ranks has: every `every`th position,
// from `first` on.
struct Striped {
  Integer first, every;
  friend bool operator==(const Striped&, const Striped&) = default;
};

using Reach = std::variant<EveryKey, Window, Chunk, ChosenKeys, Entries, Striped>;

}  // namespace llmarch
