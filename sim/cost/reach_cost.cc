#include "sim/cost/reach_cost.h"

#include <algorithm>

namespace llmarch {
namespace {

// 1 + 2 + ... + n; the even factor is halved first, so that the product overflows only if the sum
// does.
Integer triangle(Integer n) {
  return n % 2 == 0 ? n / 2 * (n + 1) : (n + 1) / 2 * n;
}

// Pairs of the `tokens` queries behind `past` others. No difference of sums from the beginning,
// which would overflow long before the pairs do. The query at position p meets p + 1 keys,
Integer pairs_of(Integer past, Integer tokens, const EveryKey&) {
  return tokens * past + triangle(tokens);
}

// at most the window,
Integer pairs_of(Integer past, Integer tokens, const Window& window) {
  const Integer growing = std::max(Integer(0), std::min(window.size - past, tokens));
  return growing * past + triangle(growing) + (tokens - growing) * window.size;
}

// p mod size + 1.
Integer pairs_of(Integer past, Integer tokens, const Chunk& chunk) {
  const Integer before = past % chunk.size;
  const Integer end = before + tokens;
  const Integer whole = end / chunk.size;
  return whole * triangle(chunk.size) + triangle(end % chunk.size) - triangle(before);
}

// The first position that the query at `position` meets.
Integer first_met(Integer, const EveryKey&) {
  return 0;
}

Integer first_met(Integer position, const Window& window) {
  return std::max(Integer(0), position + 1 - window.size);
}

Integer first_met(Integer position, const Chunk& chunk) {
  return position / chunk.size * chunk.size;
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

}  // namespace

Integer attended_pairs(const Workload& workload, const Reach& reach) {
  return std::visit(
      [&](const auto& kind) { return pairs_of(workload.past, workload.tokens, kind); }, reach);
}

Integer opened_positions(const Workload& workload, const Reach& reach) {
  const Integer end = workload.past + workload.tokens;
  return std::visit([&](const auto& kind) { return end - first_met(workload.past, kind); }, reach);
}

Integer held_positions(Integer context, const Reach& reach) {
  return std::visit([&](const auto& kind) { return context - first_met(context - 1, kind); },
                    reach);
}

Integer most_held_positions(Integer context, const Reach& reach) {
  return std::visit([&](const auto& kind) { return most_of(context, kind); }, reach);
}

}  // namespace llmarch
