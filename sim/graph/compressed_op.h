// The operations of compressed attention: what each computes, and what it touches. Part of op.h,
// which has the other operations.
#pragma once

#include <optional>

#include "sim/graph/operands.h"
#include "sim/spec/rotary.h"

namespace llmarch {

// What the positions of a group give for an entry: their values, the gates by which these are
// weighed, and what is added to the gates by the place in the group.
struct CompressedPart {
  CacheId values, gates;  // entries of a column each; waiting
  WeightId bias;          // (columns), a copy for each place in a group
};

// Makes an entry of each group of positions that the step completes: the mean of the positions'
// values, column by column, weighted by a softmax over gate + bias; then its root-mean-square norm;
// then its last `turned` elements are rotated as the first position of the group is. Where there is
// a part of the group before, the softmax is over its positions too; the first group has none
// before it.
struct Compress {
  Integer positions;  // of a group
  CompressedPart own;
  std::optional<CompressedPart> before;
  double epsilon;
  WeightId norm;  // (columns)
  Rotary rotary;
  Integer turned;
  CacheId entries;
  void visit_operands(auto& visitor) const {
    const auto touch_part = [&](const CompressedPart& part, OfGroup group) {
      touch(visitor, ReadsCompleted{part.values, positions, group},
            ReadsCompleted{part.gates, positions, group},
            ReadsToCompress{part.bias, positions, group});
    };
    touch_part(own, OfGroup::own);
    if (before) touch_part(*before, OfGroup::before);
    touch(visitor, ReadsToCompress{norm, positions, OfGroup::own},
          StoresEntries{entries, positions});
  }
};

// Attention of all heads over vectors that are keys and values at once: those of the newest
// positions, and entries that stand for many. Both enter one softmax, and with them a learned score
// for each head to which no value belongs.
struct AttendShared {
  Integer heads, head_dim;
  double scale;
  ValueId query;
  CacheId recent;
  Reach window;
  struct OverEntries {
    CacheId cache;
    Reach reach;
  };
  std::optional<OverEntries> entries;
  WeightId sinks;  // (heads)
  ValueId out;     // heads x head_dim
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{query}, ReadsCache{recent, window, 1}, ReadsWeight{sinks}, Writes{out});
    if (entries) visitor(ReadsCache{entries->cache, entries->reach, 1});
  }
};

}  // namespace llmarch
