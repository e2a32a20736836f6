#include "sim/cost/driver.h"

#include <algorithm>
#include <variant>

namespace llmarch {
namespace {

// 1 + 2 + ... + n; the even factor is halved first, so that the product overflows only if the sum
// does.
Integer triangle(Integer n) {
  return n % 2 == 0 ? n / 2 * (n + 1) : (n + 1) / 2 * n;
}

// The pairs of `tokens` queries after `past` others. They are not a difference of two sums from the
// beginning, which would overflow long before the pairs do. The query at position p attends to
// p + 1 keys.
Integer pairs_of(Integer past, Integer tokens, const EveryKey&) {
  return tokens * past + triangle(tokens);
}

// In a window, it attends to at most the window's size.
Integer pairs_of(Integer past, Integer tokens, const Window& window) {
  const Integer growing = std::max(Integer(0), std::min(window.size - past, tokens));
  return growing * past + triangle(growing) + (tokens - growing) * window.size;
}

// In a chunk, it attends to p mod size + 1 keys.
Integer pairs_of(Integer past, Integer tokens, const Chunk& chunk) {
  const Integer before = past % chunk.size;
  const Integer end = before + tokens;
  const Integer whole = end / chunk.size;
  return whole * triangle(chunk.size) + triangle(end % chunk.size) - triangle(before);
}

// While there are no more blocks than are chosen, a query attends to every key; after that, to all
// keys of the other chosen blocks and to the part of its own block that is already there.
Integer pairs_of(Integer past, Integer tokens, const ChosenKeys& chosen) {
  const Integer every = chosen.blocks * chosen.size;
  const Integer growing = std::max(Integer(0), std::min(every - past, tokens));
  const Integer rest = tokens - growing;
  return pairs_of(past, growing, EveryKey{}) + rest * (every - chosen.size) +
         pairs_of(past + growing, rest, Chunk{chosen.size});
}

// 1 / size + 2 / size + ... + n / size, each rounded down.
Integer groups_up_to(Integer n, Integer size) {
  const Integer whole = n / size;
  return size * (whole == 0 ? Integer(0) : triangle(whole - 1)) + whole * (n % size + 1);
}

// The query at position p attends to (p + 1) / positions entries, or as many of these as are
// chosen.
Integer pairs_of(Integer past, Integer tokens, const Entries& entries) {
  const Integer size = entries.positions;
  const Integer growing =
      entries.chosen ? std::max(Integer(0), std::min(*entries.chosen * size - past, tokens))
                     : tokens;
  const Integer rest = (tokens - growing) * entries.chosen.value_or(0);
  return growing * (past / size) + groups_up_to(past % size + growing, size) + rest;
}

// Its own of the first `positions` positions.
Integer own_of(Integer positions, const Striped& striped) {
  return (positions + striped.every - 1 - striped.first) / striped.every;
}

// As entries for groups, the first of which is complete with the position `first`.
Integer pairs_of(Integer past, Integer tokens, const Striped& striped) {
  return pairs_of(past + striped.every - 1 - striped.first, tokens, Entries{striped.every});
}

// The first position that the query at `position` attends to.
Integer first_attended(Integer, const EveryKey&) {
  return 0;
}

Integer first_attended(Integer position, const Window& window) {
  return std::max(Integer(0), position + 1 - window.size);
}

Integer first_attended(Integer position, const Chunk& chunk) {
  return position / chunk.size * chunk.size;
}

// Any position may be chosen.
Integer first_attended(Integer, const ChosenKeys&) {
  return 0;
}

// An entry stands for positions from the first on.
Integer first_attended(Integer, const Entries&) {
  return 0;
}

// A step reads the positions from the first that its first query attends to.
Integer read_in(const Workload& workload, const auto& reach) {
  return workload.past + workload.tokens - first_attended(workload.past, reach);
}

// One query reads what was chosen for it. Which positions none of several queries chooses is not
// known beforehand, so a step with more of them reads every position, once.
Integer read_in(const Workload& workload, const ChosenKeys& chosen) {
  return workload.tokens == 1 ? pairs_of(workload.past, 1, chosen)
                              : workload.past + workload.tokens;
}

// Likewise.
Integer read_in(const Workload& workload, const Entries& entries) {
  return workload.tokens == 1 ? pairs_of(workload.past, 1, entries)
                              : (workload.past + workload.tokens) / entries.positions;
}

Integer read_in(const Workload& workload, const Striped& striped) {
  return own_of(workload.past + workload.tokens, striped);
}

Integer held_of(Integer context, const auto& reach) {
  return context - first_attended(context - 1, reach);
}
Integer held_of(Integer context, const Striped& striped) {
  return own_of(context, striped);
}

std::optional<Integer> border_after(Integer, const EveryKey&) {
  return std::nullopt;
}

std::optional<Integer> border_after(Integer context, const Window& window) {
  if (window.size < context) return std::nullopt;
  return window.size + 1;
}

std::optional<Integer> border_after(Integer context, const Chunk& chunk) {
  return ((context - 1) / chunk.size + 1) * chunk.size + 1;
}

std::optional<Integer> border_after(Integer context, const ChosenKeys& chosen) {
  const Integer every = chosen.blocks * chosen.size;
  if (context <= every) return every + 1;
  if (chosen.size == 1) return std::nullopt;
  return border_after(context, Chunk{chosen.size});
}

// The next context at which an entry is made, and the one after it.
std::optional<Integer> border_after(Integer context, const Entries& entries) {
  if (entries.positions == 1) return std::nullopt;
  const Integer within = context % entries.positions;
  return within == 0 ? context + 1 : context - within + entries.positions;
}

std::optional<Integer> border_after(Integer context, const Striped& striped) {
  const Integer shift = striped.every - 1 - striped.first;
  const auto border = border_after(context + shift, Entries{striped.every});
  return border ? std::optional(*border - shift) : std::nullopt;
}

Integer most_of(Integer context, const EveryKey&) {
  return context;
}

Integer most_of(Integer context, const Window& window) {
  return std::min(context, window.size);
}

Integer most_of(Integer context, const Chunk& chunk) {
  return std::min(context, chunk.size);
}

Integer most_of(Integer context, const ChosenKeys&) {
  return context;
}

Integer most_of(Integer context, const Entries& entries) {
  return context / entries.positions;
}

Integer most_of(Integer context, const Striped& striped) {
  return own_of(context, striped);
}

Integer made_of(Integer before, Integer after, const Entries& entries) {
  return after / entries.positions - before / entries.positions;
}
Integer made_of(Integer before, Integer after, const Striped& striped) {
  return own_of(after, striped) - own_of(before, striped);
}
Integer made_of(Integer, Integer, const OneOf<EveryKey, Window, Chunk, ChosenKeys> auto&) {
  return 0;
}

// The first entry of all has no group before its own.
Integer later_of(Integer before, Integer after, const Entries& entries) {
  const Integer made = made_of(before, after, entries);
  return made > 0 && before < entries.positions ? made - 1 : made;
}
Integer later_of(Integer, Integer,
                 const OneOf<EveryKey, Window, Chunk, ChosenKeys, Striped> auto&) {
  return 0;
}

Integer held(Integer context, const Growing& growing) {
  return held_positions(context, growing.reach);
}

Integer held(Integer, const Fixed&) {
  return 1;
}

Integer held(Integer context, const Compressed& compressed) {
  return context / compressed.positions;
}

// Those of the group that is not complete, and of the one before it where these are needed again.
Integer held(Integer context, const Waiting& waiting) {
  const Integer own = context % waiting.positions;
  const bool again = waiting.until == Waiting::For::next_group && context >= waiting.positions;
  return again ? waiting.positions + own : own;
}

Integer most_held(Integer context, const Growing& growing) {
  return most_held_positions(context, growing.reach);
}

Integer most_held(Integer context, const Fixed& fixed) {
  return held(context, fixed);
}

Integer most_held(Integer context, const Compressed& compressed) {
  return held(context, compressed);
}

Integer most_held(Integer context, const Waiting& waiting) {
  const Integer groups = waiting.until == Waiting::For::next_group ? 2 : 1;
  return std::min(context, groups * waiting.positions - 1);
}

Integer fixed(const Growing&) {
  return 0;
}

Integer fixed(const Fixed&) {
  return 1;
}

Integer fixed(const Compressed&) {
  return 0;
}

Integer fixed(const Waiting&) {
  return 0;
}

Integer growth(Integer entry, const Growing& growing) {
  const auto* striped = std::get_if<Striped>(&growing.reach);
  return striped == nullptr ? entry : entry / striped->every;
}

Integer growth(Integer, const Fixed&) {
  return 0;
}

Integer growth(Integer entry, const Compressed& compressed) {
  return entry / compressed.positions;
}

Integer growth(Integer, const Waiting&) {
  return 0;
}

}  // namespace

Integer quantity(Driver driver, const Reach& reach, const Workload& workload) {
  const Integer batch = workload.batch;
  switch (driver) {
    case Driver::once: return 1;
    case Driver::sequence: return batch;
    case Driver::token:
    case Driver::stepped: return batch * workload.tokens;
    case Driver::token_of_ranks: return workload.token_ranks * batch * workload.tokens;
    case Driver::logit: return workload.logits == Logits::last ? batch : batch * workload.tokens;
    case Driver::key: return batch * (workload.past + workload.tokens);
    case Driver::pair: return batch * attended_pairs(workload, reach);
    case Driver::position: return batch * positions_read(workload, reach);
    case Driver::entry: return batch * entries_made(workload, reach);
    case Driver::later_entry: return batch * later_entries_made(workload, reach);
    case Driver::making: return entries_made(workload, reach) > 0 ? 1 : 0;
    case Driver::making_later: return later_entries_made(workload, reach) > 0 ? 1 : 0;
    case Driver::chunk: return batch * chunks_of(workload.tokens, std::get<Chunk>(reach));
    case Driver::chunk_pair:
      return batch * pairs_within_chunks(workload.tokens, std::get<Chunk>(reach));
  }
  throw std::logic_error("quantity: a driver outside the enumeration");
}

Integer attended_pairs(const Workload& workload, const Reach& reach) {
  return std::visit(
      [&](const auto& kind) { return pairs_of(workload.past, workload.tokens, kind); }, reach);
}

Integer positions_read(const Workload& workload, const Reach& reach) {
  return std::visit([&](const auto& kind) { return read_in(workload, kind); }, reach);
}

Integer entries_made(const Workload& workload, const Reach& reach) {
  const Integer after = workload.past + workload.tokens;
  return std::visit([&](const auto& kind) { return made_of(workload.past, after, kind); }, reach);
}

Integer later_entries_made(const Workload& workload, const Reach& reach) {
  const Integer after = workload.past + workload.tokens;
  return std::visit([&](const auto& kind) { return later_of(workload.past, after, kind); }, reach);
}

Integer chunks_of(Integer tokens, const Chunk& chunk) {
  return (tokens - 1) / chunk.size + 1;
}

// As attention within chunks, but for the pair of a token and itself.
Integer pairs_within_chunks(Integer tokens, const Chunk& chunk) {
  return pairs_of(0, tokens, chunk) - tokens;
}

Integer held_positions(Integer context, const Reach& reach) {
  return std::visit([&](const auto& kind) { return held_of(context, kind); }, reach);
}

std::optional<Integer> next_border(Integer context, const Reach& reach) {
  return std::visit([&](const auto& kind) { return border_after(context, kind); }, reach);
}

Integer most_held_positions(Integer context, const Reach& reach) {
  return std::visit([&](const auto& kind) { return most_of(context, kind); }, reach);
}

Integer held_entries(Integer context, const State& state) {
  return std::visit([&](const auto& kind) { return held(context, kind); }, state);
}

Integer fixed_entries(const State& state) {
  return std::visit([](const auto& kind) { return fixed(kind); }, state);
}

Integer most_held_entries(Integer context, const State& state) {
  return std::visit([&](const auto& kind) { return most_held(context, kind); }, state);
}

Integer growth_per_position(Integer entry, const State& state) {
  return std::visit([&](const auto& kind) { return growth(entry, kind); }, state);
}

Integer lasting_growth_per_position(Integer entry, const State& state) {
  const auto* growing = std::get_if<Growing>(&state);
  const bool bounded = growing != nullptr && (std::holds_alternative<Window>(growing->reach) ||
                                              std::holds_alternative<Chunk>(growing->reach));
  return bounded ? Integer(0) : growth_per_position(entry, state);
}

}  // namespace llmarch
