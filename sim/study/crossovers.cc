#include "sim/study/crossovers.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/cost/driver.h"

namespace llmarch {
namespace {

// Lengths that are tried one by one instead of halved.
constexpr std::int64_t kShort = 16;
// Each doubling of the length is cut into this many pieces, so that a curved figure (experts, which
// more and more tokens read) is nearly a parabola within each.
constexpr std::int64_t kStepsPerDoubling = 8;
// Summing the same doubles in another order changes the result by less than this part of it.
constexpr double kNoise = 1e-14;

class TurnSearch {
 public:
  TurnSearch(const SweptFigure& left, const SweptFigure& right) : left_(left), right_(right) {}

  [[nodiscard]] std::strong_ordering order(Integer length) const {
    return order_of(value_at(left_, length), value_at(right_, length));
  }

  // Adds the lengths of one smooth piece at which the order may turn, including its ends.
  void search(Integer first, Integer last) {
    suspect(first);
    if (last - first <= kShort) return suspect_all(first, last);
    const Integer vertex = vertex_between(first, last);
    close_in(first, vertex);
    close_in(vertex, last);
  }

  // The suspected lengths at which the order really turns.
  [[nodiscard]] std::vector<Turn> confirmed(Integer from, Integer to) const {
    std::vector<Turn> turns;
    for (const Integer at : suspects_) {
      if (at <= from || at > to) continue;
      const Turn turn{at, order(at - 1), order(at)};
      if (turn.before != turn.after) turns.push_back(turn);
    }
    return turns;
  }

 private:
  void suspect(Integer at) { suspects_.insert(at); }
  void suspect_all(Integer first, Integer last) {
    for (Integer at = first; at <= last; at += 1) suspect(at);
  }

  [[nodiscard]] double difference(Integer length) const {
    return as_double(value_at(left_, length)) - as_double(value_at(right_, length));
  }

  // The vertex of the parabola through three points of the difference, or the middle if the vertex
  // lies outside the piece.
  [[nodiscard]] Integer vertex_between(Integer first, Integer last) const {
    const Integer middle = first + (last - first) / 2;
    const double half = (middle - first).as_double();
    const double rest = (last - middle).as_double();
    const double slope_before = (difference(middle) - difference(first)) / half;
    const double slope_after = (difference(last) - difference(middle)) / rest;
    // slope_before is the slope half way to the middle, slope_after that half way beyond it.
    const double turn = slope_after - slope_before;
    const double place = half / 2 - slope_before * (half + rest) / 2 / turn;
    if (!std::isfinite(place) || place < 1 || place > half + rest - 1) return middle;
    return first + std::llround(place);
  }

  // Finds the turns between two lengths from which the difference only rises or only falls.
  void close_in(Integer first, Integer last) {
    const std::strong_ordering end = order(last);
    while (order(first) != end) {
      const std::strong_ordering start = order(first);
      Integer before = first;
      Integer after = last;
      while (after - before > 1) {
        const Integer middle = before + (after - before) / 2;
        (order(middle) == start ? before : after) = middle;
      }
      suspect_all(std::max(Integer(1), after - kShort / 2), after + kShort / 2);
      first = after;
    }
  }

  SweptFigure left_;
  SweptFigure right_;
  std::set<Integer> suspects_;
};

// The first length after `length` at which the formula of a reach changes; `none` if there is none
// before that.
Integer nearest_border(const ModelCurves& curves, Integer length, Integer none) {
  Integer next = none;
  for (const Reach& reach : curves.decode.reaches()) {
    next = std::min(next, next_border(length, reach).value_or(none));
  }
  return next;
}

bool fits(const SweptFigure& figure, Integer length) {
  try {
    value_at(figure, length);
    return true;
  } catch (const Overflow&) {
    return false;
  }
}

// The last length at which both figures fit into 64 bits. Halving finds it, since figures grow with
// the length.
Integer last_that_fits(const SweptFigure& left, const SweptFigure& right, Integer from,
                       Integer to) {
  const auto both = [&](Integer length) { return fits(left, length) && fits(right, length); };
  if (both(to)) return to;
  Integer good = from;
  while (to - good > 1) {
    const Integer middle = good + (to - good) / 2;
    (both(middle) ? good : to) = middle;
  }
  return good;
}

}  // namespace

QuantityValue value_at(const SweptFigure& figure, Integer length) {
  return evaluate(*figure.quantity, *figure.curves, length, length);
}

std::strong_ordering order_of(const QuantityValue& left, const QuantityValue& right) {
  const auto* a = std::get_if<Integer>(&left);
  const auto* b = std::get_if<Integer>(&right);
  if (a != nullptr && b != nullptr) return *a <=> *b;
  const double difference = as_double(left) - as_double(right);
  const double size = std::max(std::abs(as_double(left)), std::abs(as_double(right)));
  if (std::abs(difference) <= kNoise * size) return std::strong_ordering::equal;
  return difference < 0 ? std::strong_ordering::less : std::strong_ordering::greater;
}

Turns find_turns(const SweptFigure& left, const SweptFigure& right, Integer from, Integer to) {
  TurnSearch search(left, right);
  Turns found;
  found.searched_to = last_that_fits(left, right, from, to);
  found.at_start = search.order(from);
  std::int64_t borders = 0;
  Integer first = from;
  while (first <= found.searched_to) {
    const Integer none = found.searched_to + 1;
    const Integer border = std::min(nearest_border(*left.curves, first, none),
                                    nearest_border(*right.curves, first, none));
    const Integer step = first + std::max(Integer(1), first / kStepsPerDoubling);
    const Integer end = std::min(border, step);  // one past the last length of the piece
    search.search(first, end - 1);
    if (end == border && ++borders == kMostBorders) found.searched_to = end - 1;
    first = end;
  }
  found.turns = search.confirmed(from, found.searched_to);
  return found;
}

}  // namespace llmarch
