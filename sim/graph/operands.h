// What an operation touches while it runs: values of its block, weights, caches. Each operation of
// op.h names its operands once, in `visit_operands`, and whatever depends on them asks there: the
// bytes of a price, the rows that must be kept between operations, the table of weights.
//
// A visitor has an overload for every struct below, or for one of the groups at the end, and no
// default: a new way of touching something does not compile until each visitor knows it.
#pragma once

#include <cstddef>

#include "sim/graph/reach.h"
#include "sim/one_of.h"
#include "sim/units.h"

namespace llmarch {

using WeightId = std::size_t;  // index into OpGraph::weights
using CacheId = std::size_t;   // index into OpGraph::caches
using ValueId = std::size_t;   // index into Block::values

// Every row of a value.
struct Reads {
  ValueId value;
};

// Only as many rows of a value as `selection` has.
struct ReadsSelected {
  ValueId value, selection;
};

struct Writes {
  ValueId value;
};

// Element i of the value is made from element i of a value that is read, which is not needed after
// that: the two may share their memory where they have the same number of columns.
struct WritesInPlace {
  ValueId value;
};

// A whole weight, every copy of it.
struct ReadsWeight {
  WeightId weight;
};

// One row of a table for each row of `rows`.
struct LooksUp {
  WeightId table;
  ValueId rows;
};

// The copies of a weight that at least one row of `rows` chooses, `chosen` of them for each row.
struct ReadsExperts {
  WeightId weight;
  ValueId rows;
  Integer chosen;
};

// The positions of a growing cache that are within reach of at least one of the new tokens. The
// columns of an entry are `heads` heads side by side, each as wide as the others.
struct ReadsCache {
  CacheId cache;
  Reach reach;
  Integer heads;
};

// Appends a position to a growing cache for each row of `value`.
struct Stores {
  CacheId cache;
  ValueId value;
};

// The fixed state of each sequence, once in a step, however many tokens the step has.
struct ReadsState {
  CacheId cache;
};

// Overwrites the fixed state of each sequence, once in a step.
struct OverwritesState {
  CacheId cache;
};

// The fixed state of each sequence, read and overwritten once for each row of `rows`, one row after
// the other: a recurrence that runs step by step.
struct StepsState {
  CacheId cache;
  ValueId rows;
};

// The fixed state of each sequence, read and overwritten once for each chunk of so many of the
// step's tokens, counted from the first; the last chunk may be shorter.
struct StepsStateByChunk {
  CacheId cache;
  Integer chunk;
};

// Which group's positions an entry is made of: those of the group that the step completes, or of
// the group before.
enum class OfGroup { own, before };

// The waiting positions that the entries made in the step are made of: as many as a group has for
// each entry, but for the first entry none of a group before.
struct ReadsCompleted {
  CacheId cache;
  Integer positions;
  OfGroup group;
};

// A whole weight, every copy of it, in a step that makes an entry; or that makes one with a group
// before its own.
struct ReadsToCompress {
  WeightId weight;
  Integer positions;
  OfGroup group;
};

// Appends an entry to a compressed cache for each group of positions that the step completes.
struct StoresEntries {
  CacheId cache;
  Integer positions;
};

template <class Operand>
concept OfValues = OneOf<Operand, Reads, ReadsSelected, Writes, WritesInPlace>;
template <class Operand>
concept OfWeights = OneOf<Operand, ReadsWeight, LooksUp, ReadsExperts, ReadsToCompress>;
template <class Operand>
concept OfCaches = OneOf<Operand, ReadsCache, Stores, ReadsState, OverwritesState, StepsState,
                         StepsStateByChunk, ReadsCompleted, StoresEntries>;

// Several lambdas as one visitor.
template <class... Lambdas>
struct Overloaded : Lambdas... {
  using Lambdas::operator()...;
};
template <class... Lambdas>
Overloaded(Lambdas...) -> Overloaded<Lambdas...>;

// Hands the operands to the visitor, one after the other.
template <class Visitor, class... Operands>
void touch(Visitor& visitor, const Operands&... operands) {
  (visitor(operands), ...);
}

}  // namespace llmarch
