// What the work of a step is in proportion to, and how much of it a workload has: rows, positions,
// and pairs of a query and a key, by the closed forms of causality, windows and chunks. And how
// many entries a cache holds.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>

#include "sim/graph/op_graph.h"
#include "sim/graph/reach.h"
#include "sim/graph/state.h"
#include "sim/graph/workload.h"

namespace llmarch {

// What work is in proportion to. Quantities are those of all sequences of the batch.
enum class Driver {
  once,            // in proportion to nothing: one in every step
  sequence,        // sequences of the batch
  token,           // new tokens
  token_of_ranks,  // new tokens of all ranks that bring them together
  logit,           // positions whose logits are wanted
  key,             // positions of the sequences after the step
  stepped,         // new tokens, each of which reads and writes a fixed state
  pair,            // pairs of a new token and a key within its reach
  position,        // cached positions within reach of at least one new token
  // These four are for a reach over entries, which stand for groups of positions, or are a rank's
  // own of all positions:
  entry,         // entries that the step makes
  later_entry,   // those of them that have a group before their own
  making,        // 1 in a step that makes entries, else 0
  making_later,  // 1 in a step that makes entries with a group before their own, else 0
  // These two are for a reach over chunks, into which the new tokens are divided from the first on:
  chunk,       // the chunks, each of which reads and writes a fixed state
  chunk_pair,  // pairs of a new token and one before it in its chunk
};

constexpr std::size_t index_of(Driver driver) {
  return static_cast<std::size_t>(driver);
}

inline constexpr std::size_t kDrivers = index_of(Driver::chunk_pair) + 1;

// The fewest that any run has in the place of them: a run may keep a state on the chip between the
// tokens or the chunks of a step, and then reads and writes it once for a sequence. The decay of a
// state at the end of a chunk is counted with it, and so as seldom.
constexpr Driver at_least(Driver driver) {
  const bool of_state = driver == Driver::stepped || driver == Driver::chunk;
  return of_state ? Driver::sequence : driver;
}

// How many of them a workload has; `reach` matters only to those that are counted within one.
Integer quantity(Driver driver, const Reach& reach, const Workload& workload);

// Whether they are counted within a reach.
constexpr bool is_within_reach(Driver driver) {
  switch (driver) {
    case Driver::once:
    case Driver::sequence:
    case Driver::token:
    case Driver::token_of_ranks:
    case Driver::logit:
    case Driver::key:
    case Driver::stepped: return false;
    case Driver::pair:
    case Driver::position:
    case Driver::entry:
    case Driver::later_entry:
    case Driver::making:
    case Driver::making_later:
    case Driver::chunk:
    case Driver::chunk_pair: return true;
  }
  throw std::logic_error("is_within_reach: a driver outside the enumeration");
}

// What the rows of a value are.
constexpr Driver driver_of(RowAxis axis) {
  switch (axis) {
    case RowAxis::tokens: return Driver::token;
    case RowAxis::keys: return Driver::key;
    case RowAxis::logits: return Driver::logit;
    case RowAxis::tokens_of_ranks: return Driver::token_of_ranks;
  }
  throw std::logic_error("driver_of: an axis outside the enumeration");
}

// --- What a reach makes of positions. All of these are figures of one sequence.

// Pairs of a new token of the step and a key that it attends to.
Integer attended_pairs(const Workload& workload, const Reach& reach);

// Cached positions that the step reads: those that at least one of the new tokens attends to, or
// all of them where what each attends to is chosen.
Integer positions_read(const Workload& workload, const Reach& reach);

// The entries that the step makes, and those of them before which there is another group. A reach
// over positions has none, unless a rank has some of the positions: then an entry for each of
// these.
Integer entries_made(const Workload& workload, const Reach& reach);
Integer later_entries_made(const Workload& workload, const Reach& reach);

// The chunks of so many tokens that a step has, the last of them shorter where they do not divide,
// and the pairs of a token and one before it in its chunk.
Integer chunks_of(Integer tokens, const Chunk& chunk);
Integer pairs_within_chunks(Integer tokens, const Chunk& chunk);

// Positions that a cache must hold after `context` of them, so that the newest token could be
// computed again: all, or those in the window, or in the chunk. A chunk is not a window: with the
// first position of the next chunk the cache begins again with one. `context` is at least 1.
Integer held_positions(Integer context, const Reach& reach);

// The first context after `context` from which these figures follow another formula: that beyond
// the window, or the first in the next chunk; none where there is none.
std::optional<Integer> next_border(Integer context, const Reach& reach);

// The most that it holds at any position up to `context`: all, or a whole window or chunk.
Integer most_held_positions(Integer context, const Reach& reach);

// --- Entries of a cache, by the kind of state that it keeps; those of one sequence too.

// After `context` positions, at least 1: the positions that a growing cache holds; the one entry of
// a fixed state; an entry for each group of positions that is complete; the positions that entries
// are still to be made of.
Integer held_entries(Integer context, const State& state);

// The entries among held_entries that are there whatever the context.
Integer fixed_entries(const State& state);

// The most at any position up to `context`.
Integer most_held_entries(Integer context, const State& state);

// What one more position adds to caches whose entries have that size, reaches left aside: all of
// it, nothing, or the share of one position in a group, rounded down. What waits to be made into
// entries does not grow.
Integer growth_per_position(Integer entry, const State& state);

// The same where the context is beyond every window and chunk, whose caches grow no more.
Integer lasting_growth_per_position(Integer entry, const State& state);

}  // namespace llmarch
