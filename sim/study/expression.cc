#include "sim/study/expression.h"

#include <cmath>

namespace llmarch {
namespace {

// Two texts are equal or not; a tolerance applies to numbers only.
bool equal(const FigureValue& left, const FigureValue& right, std::optional<double> tolerance) {
  if (std::holds_alternative<std::string>(left)) return left == right;
  if (!tolerance) return order_of(left, right) == 0;
  return std::abs(as_double(left) - as_double(right)) <= *tolerance * std::abs(as_double(right));
}

}  // namespace

bool holds(const FigureValue& left, Relation relation, const FigureValue& right,
           std::optional<double> tolerance) {
  switch (relation) {
    case Relation::equal: return equal(left, right, tolerance);
    case Relation::not_equal: return !equal(left, right, tolerance);
    case Relation::less: return order_of(left, right) < 0;
    case Relation::at_most: return order_of(left, right) <= 0;
    case Relation::more: return order_of(left, right) > 0;
    case Relation::at_least: return order_of(left, right) >= 0;
  }
  throw std::logic_error("holds: a relation outside the enumeration");
}

std::string_view sign_of(Relation relation) {
  switch (relation) {
    case Relation::less: return "<";
    case Relation::at_most: return "≤";
    case Relation::equal: return "=";
    case Relation::not_equal: return "≠";
    case Relation::at_least: return "≥";
    case Relation::more: return ">";
  }
  throw std::logic_error("sign_of: a relation outside the enumeration");
}

}  // namespace llmarch
