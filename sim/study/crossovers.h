// Crossovers: the exact lengths in tokens at which one figure overtakes another. This file knows
// how all of them are found without trying every length; which figures there are is known by
// quantities.h.
//
// Between two borders of windows or chunks a figure is smooth and curves in one direction only, so
// the difference of two figures has at most one turn on each side of its vertex, and halving finds
// each. At a border figures may jump, so the lengths on both sides of it are tried. The lengths
// next to each turn are tried one by one, since rounding to whole bytes can make the order
// alternate there. Every turn that is returned has been evaluated on both of its sides.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <vector>

#include "sim/study/quantities.h"

namespace llmarch {

// The order is `after` at length `at`, and `before` one token earlier. Figures that are not whole
// count as equal where they differ by less than rounding error.
struct Turn {
  Integer at;
  std::strong_ordering before = std::strong_ordering::equal;
  std::strong_ordering after = std::strong_ordering::equal;
};

// One quantity of one line of a sweep, as a function of the length along the axis.
struct SweptFigure {
  const ModelCurves* curves;
  const Quantity* quantity;
};

// With a context of `length`, and a prompt of as many tokens.
QuantityValue value_at(const SweptFigure& figure, Integer length);
std::strong_ordering order_of(const QuantityValue& left, const QuantityValue& right);

// Chunks have borders without end, so the search stops after this many.
inline constexpr std::int64_t kMostBorders = std::int64_t{1} << 17;

struct Turns {
  std::strong_ordering at_start = std::strong_ordering::equal;
  std::vector<Turn> turns;
  // Less than asked for where there are too many borders or a figure exceeds 64 bits.
  Integer searched_to;
  // 64 bits
};

// Every turn of left against right at lengths above `from`, up to `to`; `from` is at least 1.
Turns find_turns(const SweptFigure& left, const SweptFigure& right, Integer from, Integer to);

}  // namespace llmarch
