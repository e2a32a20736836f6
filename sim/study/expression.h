// The expressions of a study: quantities and structure of models, put together by arithmetic. They
// are read once against the models that are known (expression_reader.h) and evaluated in any
// setting (evaluator.h). Which quantities there are is known by quantities.h; what a claim makes of
// the values by claims.h.
//
//   check      = [label ": "] sum relation sum ["within" number "%"]
//   relation   = "<" | "<=" | "=" | "!=" | ">=" | ">"
//   sum        = product {("+" | "-") product}
//   product    = factor {("*" | "/") factor}
//   factor     = number | text | "(" sum ")" | name "(" arguments ")"
//   arguments  = a model, texts and numbers as the function asks, then settings: "context = 32k"
//   number     = 1024 | 1_024 | 1.5 | 671e9 | 8k | 1M (k and M are 1,024 and 1,048,576)
//
// Whole numbers stay exact under + - and *; a quotient is a real number. Figures of different units
// are neither added nor compared: that is a mistake in the study, and is refused.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/study/figure_form.h"

namespace llmarch {

// Thrown where an expression cannot be read, or has no value.
class ExpressionError : public std::runtime_error {
 public:
  ExpressionError(std::size_t offset, const std::string& problem, std::string remedy)
      : std::runtime_error(problem), offset_(offset), remedy_(std::move(remedy)) {}
  [[nodiscard]] std::size_t offset() const { return offset_; }  // bytes into the text
  [[nodiscard]] const std::string& remedy() const { return remedy_; }

 private:
  std::size_t offset_;
  std::string remedy_;
};

struct ExpressionNode;

// Settings given in the call override those of its surroundings.
struct QuantityCall {
  const Quantity* quantity;
  const Model* model;
  PartialSetting setting;
};

// What can be timed of a model: tokens per second of decode and of prefill, and the norms' share of
// decode's time.
enum class TimedFigure { decode, prefill, norm_share };
struct TimedCall {
  TimedFigure figure;
  const Model* model;
  PartialSetting setting;
};

enum class Operator { add, subtract, multiply, divide };
struct Arithmetic {
  Operator how;
  std::shared_ptr<const ExpressionNode> left, right;
  std::size_t offset;  // of the operator's sign in the text
};

// Whatever does not depend on the setting is a FigureValue already when the expression is read.
struct ExpressionNode {
  std::variant<FigureValue, QuantityCall, TimedCall, Arithmetic> what;
};

struct Expression {
  std::shared_ptr<const ExpressionNode> root;
  std::string text;  // as written in the study
  FigureForm form;
};

// The figures of models that an expression is put together from, each as an expression of its own,
// in the order in which they stand.
std::vector<Expression> calls_in(const Expression& expression);

enum class Relation { less, at_most, equal, not_equal, at_least, more };
std::string_view sign_of(Relation relation);  // "≤"

struct Check {
  std::string label;  // the two sides as written, where no label is given
  Expression left;
  Relation relation = Relation::equal;
  Expression right;
  std::optional<double> tolerance;  // of the right side: 0.01 is 1 %
};

struct LabelledExpression {
  std::string label;
  Expression expression;
};

bool holds(const FigureValue& left, Relation relation, const FigureValue& right,
           std::optional<double> tolerance);

}  // namespace llmarch
