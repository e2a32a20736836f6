#include "sim/study/evaluator.h"

#include <fmt/format.h>

#include <cmath>

namespace llmarch {
namespace {

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

// Evaluates at one context.
class Evaluation {
 public:
  Evaluation(const Setting& setting, const Clock& clock,
             std::map<const QuantityCall*, ModelCurves>& curves)
      : setting_(setting), clock_(clock), curves_(curves) {}

  FigureValue operator()(const FigureValue& figure) const { return figure; }
  FigureValue operator()(const QuantityCall& call) const {
    const Setting setting = laid_over(setting_, call.setting);
    const ModelCurves& curves = curves_.try_emplace(&call, *call.model, setting).first->second;
    return as_figure(evaluate(*call.quantity, curves, setting.context, setting.prefill_tokens()));
  }
  FigureValue operator()(const TimedCall& call) const {
    if (!clock_) throw NeedsRun();
    const auto timed = clock_(*call.model, laid_over(setting_, call.setting), call.figure);
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
    return finite(arithmetic, as_double(left), as_double(right));
  }

 private:
  // Refuses a result that is not finite: the quotient of a division by zero would compare as
  // greater than every figure.
  [[nodiscard]] double finite(const Arithmetic& arithmetic, double left, double right) const {
    const double result = real(arithmetic.how, left, right);
    if (std::isfinite(result)) return result;
    const bool by_zero = arithmetic.how == Operator::divide && right == 0;
    throw ExpressionError(
        arithmetic.offset,
        fmt::format("{} at context {}", by_zero ? "division by zero" : "the result is not a number",
                    setting_.context.value()),
        by_zero ? "divide by a figure that is never 0" : "scale the figures down");
  }

  const Setting& setting_;
  const Clock& clock_;
  std::map<const QuantityCall*, ModelCurves>& curves_;
};

}  // namespace

FigureValue Evaluator::operator()(const Expression& expression) {
  return (*this)(expression, around_.context);
}

FigureValue Evaluator::operator()(const Expression& expression, Integer context) {
  Setting setting = around_;
  setting.context = context;
  return std::visit(Evaluation(setting, clock_, curves_), expression.root->what);
}

}  // namespace llmarch
