#include "sim/study/expression.h"

#include <fmt/format.h>

#include <cmath>

namespace llmarch {
namespace {

// Two texts are equal or not; a tolerance applies to numbers only.
bool equal(const FigureValue& left, const FigureValue& right, std::optional<double> tolerance) {
  if (std::holds_alternative<std::string>(left)) return left == right;
  if (!tolerance) return order_of(left, right) == 0;
  return std::abs(as_double(left) - as_double(right)) <= *tolerance * std::abs(as_double(right));
}

// Adds the calls at and below a node.
struct CallFinder {
  const std::shared_ptr<const ExpressionNode>& node;
  std::vector<Expression>& found;

  void operator()(const FigureValue&) const {}
  void operator()(const QuantityCall& call) const {
    found.push_back({node, fmt::format("{}({})", call.quantity->name, call.model->spec.name),
                     form_of(call.quantity->unit)});
  }
  void operator()(const TimedCall&) const {}
  void operator()(const Arithmetic& arithmetic) const {
    std::visit(CallFinder{arithmetic.left, found}, arithmetic.left->what);
    std::visit(CallFinder{arithmetic.right, found}, arithmetic.right->what);
  }
};

}  // namespace

std::vector<Expression> calls_in(const Expression& expression) {
  std::vector<Expression> found;
  std::visit(CallFinder{expression.root, found}, expression.root->what);
  return found;
}

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
