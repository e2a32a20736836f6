// Crossovers: the exact tokens at which one figure overtakes another. This file knows how all of
// them are found without trying every context; what the figures are is known by quantities.h.
//
// Between the borders of windows and chunks a figure is smooth and bends one way at most, so that
// the difference of two has one turn to each side of its vertex; there each is closed in on by
// halving. At a border figures may jump, and both sides of it are tried. Beside each turn its
// neighbours are tried one by one, since rounding to whole bytes can turn an order back and forth.
// Every turn that is given has been evaluated on both of its sides.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <vector>

#include "sim/study/quantities.h"

namespace llmarch {

// At `at` the order is `after`, and one token less it is `before`. Figures that are not whole count
// as equal where they differ by less than their arithmetic does.
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

// At that context, and a prompt of as many tokens.
QuantityValue value_at(const SweptFigure& figure, Integer length);
std::strong_ordering order_of(const QuantityValue& left, const QuantityValue& right);

// Chunks have borders without end: not more than this many are tried.
inline constexpr std::int64_t kMostBorders = std::int64_t{1} << 17;

struct Turns {
  std::strong_ordering at_start = std::strong_ordering::equal;
  std::vector<Turn> turns;
  Integer
      searched_to;  // less than asked for where there are too many borders, or a figure too large
};

// Every turn of left against right at lengths above `from`, up to `to`; `from` is at least 1.
Turns find_turns(const SweptFigure& left, const SweptFigure& right, Integer from, Integer to);

}  // namespace llmarch
