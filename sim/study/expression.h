// The expressions of a study: quantities and structure of models, put together by arithmetic. Read
// once against the models that are known, then evaluated at any point. Which quantities there are
// is known by quantities.h; what a claim makes of the values by claims.h.
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

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/study/model.h"
#include "sim/study/quantities.h"

namespace llmarch {

using FigureValue = std::variant<Integer, double, std::string>;

// How a figure is to be read. any: a number in the file, which takes the form of what it meets.
struct FigureForm {
  enum class Kind { any, quantity, ratio, text } kind = Kind::any;
  Unit unit = Unit::number;  // of a quantity
  friend bool operator==(const FigureForm&, const FigureForm&) = default;
};

// What a clock can be asked of a model at a point: tokens per second of decode and of prefill, and
// the share of norms in decode's time. Absent when nothing was run.
enum class TimedFigure { decode, prefill, norm_share };
using Clock = std::function<std::optional<double>(const Model& model, const Point& point,
                                                  TimedFigure figure)>;

// What expressions can name.
struct StudyModels {
  std::map<std::string, const Model*, std::less<>> models;  // and variants
  std::vector<const Model*> families;  // the models that patterns such as "qwen3-*" look through
  std::map<std::string, const Hardware*, std::less<>> hardware;
};

// Thrown when the expression cannot be read.
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

// Thrown by evaluate when a clock is asked for and there is none.
class NeedsRun {};

struct ExpressionNode;

struct Expression {
  std::shared_ptr<const ExpressionNode> root;
  std::string text;  // as it stands in the study
  FigureForm form;
};

enum class Relation { less, at_most, equal, not_equal, at_least, more };
std::string_view sign_of(Relation relation);  // "≤"

struct Check {
  std::string label;  // the two sides as they stand, where none is given
  Expression left;
  Relation relation = Relation::equal;
  Expression right;
  std::optional<double> tolerance;  // of the right side: 0.01 is 1 %
};

struct LabelledExpression {
  std::string label;
  Expression expression;
};

// Throw ExpressionError.
Check parse_check(std::string_view text, const StudyModels& models);
LabelledExpression parse_labelled(std::string_view text, const StudyModels& models);

// Evaluates expressions at many contexts with the same settings around them; what does not depend
// on the context is made once. The clock must outlive it.
class Evaluator {
 public:
  Evaluator(const Point& around, const Clock& clock);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) = delete;
  ~Evaluator();

  // At the context and the prompt of the settings around, or at others. Throws Overflow, and
  // NeedsRun when the clock is empty and the expression asks for it.
  FigureValue operator()(const Expression& expression);
  FigureValue operator()(const Expression& expression, Integer context, Integer prompt);

 private:
  struct Curves;
  Point around_;
  const Clock& clock_;
  std::unique_ptr<Curves> curves_;
};

bool holds(const FigureValue& left, Relation relation, const FigureValue& right,
           std::optional<double> tolerance);

double as_double(const FigureValue& figure);  // of a number

// The functions that are no quantities, for the format's documentation: "structure(MODEL, LABEL)".
struct FunctionHelp {
  std::string_view form;
  std::string_view meaning;
};
std::span<const FunctionHelp> expression_functions();

}  // namespace llmarch
