#include "sim/study/expression.h"

#include <cmath>
#include <map>

#include "sim/study/expression_node.h"

namespace llmarch {
namespace {

Point point_of(const CallSettings& settings, const Point& around) {
  Point point = around;
  point.context = settings.context.value_or(around.context);
  point.prompt = settings.prompt.value_or(around.prompt);
  point.batch = settings.batch.value_or(around.batch);
  point.weights = settings.weights.value_or(around.weights);
  point.kv = settings.kv.value_or(around.kv);
  if (settings.hardware != nullptr) point.hardware = settings.hardware;
  return point;
}

FigureValue as_figure(const QuantityValue& value) {
  return std::visit([](const auto& number) -> FigureValue { return number; }, value);
}

Integer whole(Operator how, Integer left, Integer right) {
  switch (how) {
    case Operator::add: return left + right;
    case Operator::subtract: return left - right;
    case Operator::multiply: return left * right;
    case Operator::divide: break;  // of real numbers
  }
  throw std::logic_error("whole: a quotient is a real number");
}

double real(Operator how, double left, double right) {
  switch (how) {
    case Operator::add: return left + right;
    case Operator::subtract: return left - right;
    case Operator::multiply: return left * right;
    case Operator::divide: return left / right;
  }
  throw std::logic_error("real: an operator outside the enumeration");
}

// The curves of each call that has been evaluated.
using CallCurves = std::map<const QuantityCall*, ModelCurves>;

// At one context.
class Evaluation {
 public:
  Evaluation(const Point& point, const Clock& clock, CallCurves& curves)
      : point_(point), clock_(clock), curves_(curves) {}

  FigureValue operator()(const FigureValue& figure) const { return figure; }
  FigureValue operator()(const QuantityCall& call) const {
    const Point point = point_of(call.settings, point_);
    const ModelCurves& curves = curves_.try_emplace(&call, *call.model, point).first->second;
    return as_figure(llmarch::evaluate(*call.quantity, curves, point.context, point.prompt));
  }
  FigureValue operator()(const TimedCall& call) const {
    if (!clock_) throw NeedsRun();
    const auto timed = clock_(*call.model, point_of(call.settings, point_), call.figure);
    if (!timed) throw NeedsRun();
    return *timed;
  }
  FigureValue operator()(const Arithmetic& arithmetic) const {
    const FigureValue left = std::visit(*this, arithmetic.left->what);
    const FigureValue right = std::visit(*this, arithmetic.right->what);
    const auto* a = std::get_if<Integer>(&left);
    const auto* b = std::get_if<Integer>(&right);
    if (a != nullptr && b != nullptr && arithmetic.how != Operator::divide) {
      return whole(arithmetic.how, *a, *b);
    }
    return real(arithmetic.how, as_double(left), as_double(right));
  }

 private:
  const Point& point_;
  const Clock& clock_;
  CallCurves& curves_;
};

// Equality within a tolerance; texts are equal or not.
bool equal(const FigureValue& left, const FigureValue& right, std::optional<double> tolerance) {
  if (!tolerance || std::holds_alternative<std::string>(left)) {
    if (left.index() == right.index()) return left == right;
    return as_double(left) == as_double(right);
  }
  return std::abs(as_double(left) - as_double(right)) <= *tolerance * std::abs(as_double(right));
}

bool less(const FigureValue& left, const FigureValue& right) {
  const auto* a = std::get_if<Integer>(&left);
  const auto* b = std::get_if<Integer>(&right);
  if (a != nullptr && b != nullptr) return *a < *b;
  return as_double(left) < as_double(right);
}

}  // namespace

double as_double(const FigureValue& figure) {
  if (const auto* whole = std::get_if<Integer>(&figure)) return whole->as_double();
  if (const auto* real = std::get_if<double>(&figure)) return *real;
  throw std::logic_error("as_double: a text is no number");
}

struct Evaluator::Curves {
  CallCurves of_calls;
};

Evaluator::Evaluator(const Point& around, const Clock& clock)
    : around_(around), clock_(clock), curves_(std::make_unique<Curves>()) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

FigureValue Evaluator::operator()(const Expression& expression) {
  return (*this)(expression, around_.context, around_.prompt);
}

FigureValue Evaluator::operator()(const Expression& expression, Integer context, Integer prompt) {
  Point point = around_;
  point.context = context;
  point.prompt = prompt;
  return std::visit(Evaluation(point, clock_, curves_->of_calls), expression.root->what);
}

bool holds(const FigureValue& left, Relation relation, const FigureValue& right,
           std::optional<double> tolerance) {
  switch (relation) {
    case Relation::equal: return equal(left, right, tolerance);
    case Relation::not_equal: return !equal(left, right, tolerance);
    case Relation::less: return less(left, right);
    // NOLINTBEGIN(readability-suspicious-call-argument): more is less, turned round.
    case Relation::at_most: return !less(right, left);
    case Relation::more: return less(right, left);
    // NOLINTEND(readability-suspicious-call-argument)
    case Relation::at_least: return !less(left, right);
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
