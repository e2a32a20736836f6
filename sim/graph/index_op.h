// The operation that chooses which keys a query attends to: what it computes, and what it touches.
// Part of op.h, which has the other operations.
#pragma once

#include <optional>

#include "sim/graph/operands.h"
#include "sim/graph/share.h"

namespace llmarch {

// For each query and each of `groups` groups of heads, the blocks of keys with the largest scores,
// among the keys that `scored` says.
// The score of a key is the dot product of the group's index query with the cached index key; or,
// with weights, where the group has several such queries, the weighted sum of those products that
// are above 0. A block's score is the largest of its keys', and the query's own block always wins
// where blocks have more than one key. On a tie, the lower index wins.
//
// The choice is that of the step: attention over chosen keys or entries takes the newest one, that
// of its own layer or of an earlier one. Its indices are not counted as rows that are written or
// read.
struct ChooseKeys {
  Integer groups;
  Integer heads;  // of a group
  Integer head_dim;
  ChosenKeys chosen;
  ValueId query;                   // groups x heads x head_dim
  std::optional<ValueId> weights;  // heads
  CacheId keys;                    // head_dim
  Reach scored = EveryKey{};
  std::optional<Share> share = {};  // of the groups; absent: all
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, ReadsCache{keys, scored, 1});
    if (weights) visitor(Reads{*weights});
  }
};

}  // namespace llmarch
