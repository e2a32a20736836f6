#include "sim/cost/exchange_price.h"

#include <stdexcept>

namespace llmarch {
namespace {

// The columns of a piece of those into which a ring divides a row: the `index`th of `count`, where
// the first follows the last again.
Integer piece(Integer columns, Integer index, Integer count) {
  const Integer of = index % count;
  return (of + 1) * columns / count - of * columns / count;
}

// First sums go round: a rank sends every piece but the next one's own, and adds to every piece but
// its own. After that it has the whole sum of the next piece, and passes on all but the one that
// its neighbour has already.
ExchangePrice ring_all_reduce(const Ranks& ranks, Integer columns) {
  const Integer p = ranks.count;
  const Integer own = piece(columns, ranks.own, p);
  const Integer next = piece(columns, ranks.own + 1, p);
  const Integer after_next = piece(columns, ranks.own + 2, p);
  return {Elements(2 * columns - next - after_next), Flops(columns - own), Rounds(2 * (p - 1))};
}

// In a binomial tree, the children of a rank are those whose number is its own and one more bit
// below its lowest.
ExchangePrice tree_all_reduce(const Ranks& ranks, Integer columns) {
  Integer children;
  Integer depth;
  bool is_root_of_more = true;
  for (Integer bit = 1; bit < ranks.count; bit *= 2) {
    depth += 1;
    is_root_of_more = is_root_of_more && ranks.own / bit % 2 == 0;
    if (is_root_of_more && ranks.own + bit < ranks.count) children += 1;
  }
  const Integer to_parent = ranks.own == 0 ? 0 : 1;
  return {Elements(columns * (children + to_parent)), Flops(columns * children), Rounds(2 * depth)};
}

// Everything to everyone, and every rank adds up for itself.
ExchangePrice direct_all_reduce(const Ranks& ranks, Integer columns) {
  const Integer others = ranks.count - 1;
  return {Elements(columns * others), Flops(columns * others), Rounds(1)};
}

ExchangePrice all_reduce(const Exchange& op, Integer columns) {
  switch (op.algorithm) {
    case Algorithm::ring: return ring_all_reduce(op.ranks, columns);
    case Algorithm::tree: return tree_all_reduce(op.ranks, columns);
    case Algorithm::direct: return direct_all_reduce(op.ranks, columns);
  }
  throw std::logic_error("all_reduce: an algorithm outside the enumeration");
}

Rounds rounds_without_a_tree(const Exchange& op) {
  switch (op.algorithm) {
    case Algorithm::ring:
    case Algorithm::tree: return Rounds(op.ranks.count - 1);
    case Algorithm::direct: return Rounds(1);
  }
  throw std::logic_error("rounds: an algorithm outside the enumeration");
}

}  // namespace

ExchangePrice price_of(const Exchange& op, Integer columns) {
  const Integer others = op.ranks.count - 1;
  switch (op.collective) {
    case Collective::all_reduce: return all_reduce(op, columns);
    // Round a ring a rank sends its own rows once, and those of all others but the next.
    case Collective::all_gather:
    case Collective::gather_rows:
      return {Elements(columns * others), Flops(0), rounds_without_a_tree(op)};
    // A sum of each other rank's rows, and so many additions to its own.
    case Collective::scatter_rows:
      return {Elements(columns * others), Flops(columns * others), rounds_without_a_tree(op)};
  }
  throw std::logic_error("price_of: a collective outside the enumeration");
}

}  // namespace llmarch
