// What an expression of a study comes to in a setting.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "sim/study/expression.h"

namespace llmarch {

// Reads a clock. Absent: nothing was run.
using Clock = std::function<std::optional<double>(const Model& model, const Setting& setting,
                                                  TimedFigure figure)>;

// Thrown when a clock is asked for and there is none.
class NeedsRun {};

// Evaluates expressions at many contexts in one setting; what does not depend on the context is
// made once.
class Evaluator {
 public:
  // The clock must outlive it.
  Evaluator(Setting around, const Clock& clock) : around_(std::move(around)), clock_(clock) {}

  // In the setting around, or at another context. Throws Overflow; NeedsRun when the clock is empty
  // and the expression asks for it; ExpressionError where arithmetic has no finite result.
  FigureValue operator()(const Expression& expression);
  FigureValue operator()(const Expression& expression, Integer context);

 private:
  Setting around_;
  const Clock& clock_;
  std::map<const QuantityCall*, ModelCurves> curves_;  // of the calls that have been evaluated
};

}  // namespace llmarch
