// Evaluates the expressions of a study in a setting.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "sim/study/expression.h"

namespace llmarch {

// Reads a clock. An empty function: there was no timed run.
using Clock = std::function<std::optional<double>(const Model& model, const Setting& setting,
                                                  TimedFigure figure)>;

// Thrown where an expression needs a clock and there is none.
class NeedsRun {};

// Evaluates expressions at many contexts in one setting. What does not depend on the context is
// computed once.
class Evaluator {
 public:
  // `clock` must outlive the evaluator.
  Evaluator(Setting around, const Clock& clock) : around_(std::move(around)), clock_(clock) {}

  // At the setting's context, or at another one. Throws Overflow; NeedsRun when the expression
  // needs a clock and there is none; ExpressionError where the arithmetic has no finite result.
  FigureValue operator()(const Expression& expression);
  FigureValue operator()(const Expression& expression, Integer context);

 private:
  Setting around_;
  const Clock& clock_;
  std::map<const QuantityCall*, ModelCurves> curves_;  // of the calls that have been evaluated
};

}  // namespace llmarch
