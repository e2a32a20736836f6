#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "sim/spec/diagnostics.h"
#include "sim/study/expression_node.h"
#include "sim/study/expression_text.h"

namespace llmarch {
namespace {

using Subtree = std::shared_ptr<const ExpressionNode>;

struct Typed {
  Subtree node;
  FigureForm form;
};

constexpr FigureForm kRatio{FigureForm::Kind::ratio, Unit::number};
constexpr FigureForm kText{FigureForm::Kind::text, Unit::number};
constexpr FigureForm kNumber{FigureForm::Kind::quantity, Unit::number};

std::string said(const FigureForm& form) {
  switch (form.kind) {
    case FigureForm::Kind::any: return "a number";
    case FigureForm::Kind::ratio: return "a ratio";
    case FigureForm::Kind::text: return "a text";
    case FigureForm::Kind::quantity: break;
  }
  return form.unit == Unit::number ? "a number" : std::string(name_of(form.unit));
}

bool is_scalar(const FigureForm& form) {
  return form.kind == FigureForm::Kind::any || form.kind == FigureForm::Kind::ratio ||
         form == kNumber;
}

// The form that both have. A bare number in the file takes that of what it meets.
std::optional<FigureForm> common_form(const FigureForm& a, const FigureForm& b) {
  if (a == b) return a;
  if (a == kText || b == kText) return std::nullopt;
  if (b.kind == FigureForm::Kind::any) return a;
  if (a.kind == FigureForm::Kind::any) return b;
  if (is_scalar(a) && is_scalar(b)) return kNumber;
  return std::nullopt;
}

FigureForm product_form(const FigureForm& a, const FigureForm& b) {
  if (a.kind == FigureForm::Kind::any) return b;
  if (is_scalar(b)) return a;
  return is_scalar(a) ? b : kNumber;
}

FigureForm quotient_form(const FigureForm& a, const FigureForm& b) {
  if (b.kind == FigureForm::Kind::any) return a;
  if (a == b) return kRatio;
  return is_scalar(b) ? a : kNumber;
}

// A formula that people read is a line or two. Reading and evaluating go down one level of the
// stack for each parenthesis and each operator, so both are bounded.
constexpr std::size_t kLongestExpression = 4096;
constexpr int kDeepestParentheses = 64;

class Parser : private ExpressionText {
 public:
  Parser(std::string_view text, const StudyModels& models) : ExpressionText(text), models_(models) {
    if (text.size() <= kLongestExpression) return;
    fail(fmt::format("the expression has {} bytes, and may have {}", text.size(),
                     kLongestExpression),
         "give each thing that is checked a text of its own");
  }

  // "label: " at the beginning; empty when there is none.
  std::string label() {
    const std::size_t colon = text_.find(": ");
    const std::size_t quote = text_.find('"');
    if (colon == std::string_view::npos || quote < colon) return {};
    position_ = colon + 2;
    return std::string(text_.substr(0, colon));
  }

  Expression expression() {
    skip_spaces();
    const std::size_t begin = position_;
    const Typed typed = sum();
    std::string_view text = text_.substr(begin, position_ - begin);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return {typed.node, std::string(text), typed.form};
  }

  Relation relation() {
    skip_spaces();
    constexpr std::array kSigns{std::pair{std::string_view("<="), Relation::at_most},
                                std::pair{std::string_view(">="), Relation::at_least},
                                std::pair{std::string_view("!="), Relation::not_equal},
                                std::pair{std::string_view("<"), Relation::less},
                                std::pair{std::string_view(">"), Relation::more},
                                std::pair{std::string_view("="), Relation::equal}};
    for (const auto& [sign, relation] : kSigns) {
      if (take(sign)) return relation;
    }
    fail("a comparison is expected here", "write one of < <= = != >= >");
  }

  // "within 1 %", or nothing.
  std::optional<double> tolerance() {
    skip_spaces();
    if (!take("within")) return std::nullopt;
    skip_spaces();
    const double percent = as_double(number());
    skip_spaces();
    if (!take("%")) fail("a tolerance is given in per cent", "write \"within 1 %\"");
    return percent / 100;
  }

  void end() {
    skip_spaces();
    if (position_ < text_.size()) {
      fail(fmt::format("{} is not expected here", quote_name(text_.substr(position_))),
           "'llmarch help study-format' describes expressions");
    }
  }

  void require_comparable(const Check& check, std::size_t at) {
    if (common_form(check.left.form, check.right.form)) {
      const bool texts = check.left.form == kText;
      const bool ordered =
          check.relation != Relation::equal && check.relation != Relation::not_equal;
      if (!texts || (!ordered && !check.tolerance)) return;
      position_ = at;
      fail("texts have no order", "compare them with = or !=");
    }
    position_ = at;
    fail(fmt::format("{} and {} cannot be compared", said(check.left.form), said(check.right.form)),
         "divide the two by figures of the same unit, or compare with a number");
  }

  using ExpressionText::position;

 private:
  static Subtree made(Operator how, const Typed& left, const Typed& right) {
    return std::make_shared<ExpressionNode>(ExpressionNode{Arithmetic{how, left.node, right.node}});
  }

  void refuse_texts(const Typed& left, const Typed& right, std::size_t sign) {
    if (left.form == kText || right.form == kText) {
      position_ = sign;
      fail("there is no arithmetic with texts", "compare them with = or !=");
    }
  }

  Typed sum() {
    Typed left = product();
    while (true) {
      skip_spaces();
      const bool plus = text_.substr(position_).starts_with('+');
      if (!plus && !text_.substr(position_).starts_with('-')) return left;
      const std::size_t sign = position_++;
      const Typed right = product();
      refuse_texts(left, right, sign);
      const auto form = common_form(left.form, right.form);
      if (!form) {
        position_ = sign;
        fail(fmt::format("{} and {} cannot be added", said(left.form), said(right.form)),
             "add figures of one unit");
      }
      left = {made(plus ? Operator::add : Operator::subtract, left, right), *form};
    }
  }

  Typed product() {
    Typed left = factor();
    while (true) {
      skip_spaces();
      const bool times = text_.substr(position_).starts_with('*');
      if (!times && !text_.substr(position_).starts_with('/')) return left;
      const std::size_t sign = position_++;
      const Typed right = factor();
      refuse_texts(left, right, sign);
      left = times
                 ? Typed{made(Operator::multiply, left, right), product_form(left.form, right.form)}
                 : Typed{made(Operator::divide, left, right), quotient_form(left.form, right.form)};
    }
  }

  Typed parenthesis() {
    if (++depth_ > kDeepestParentheses) {
      fail(fmt::format("parentheses nest more than {} deep", kDeepestParentheses),
           "leave out those that change nothing");
    }
    Typed inner = sum();
    skip_spaces();
    if (!take(")")) fail("')' is missing", "each '(' needs one");
    --depth_;
    return inner;
  }

  Typed factor() {
    skip_spaces();
    if (take("(")) return parenthesis();
    if (position_ < text_.size() && text_[position_] == '"') {
      return {literal(quoted()), kText};
    }
    if (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      return {literal(number()), {}};
    }
    return call();
  }

  static Subtree literal(FigureValue figure) {
    return std::make_shared<ExpressionNode>(ExpressionNode{std::move(figure)});
  }

  struct Arguments {
    const Model* model = nullptr;
    std::vector<FunctionArgument> others;
    CallSettings settings;
  };

  Typed call() {
    const std::size_t begin = position_;
    const std::string name = word();
    skip_spaces();
    if (!take("(")) {
      position_ = begin;
      fail(fmt::format("'{}' is not followed by a model", name),
           fmt::format("write {}(MODEL)", name));
    }
    if (name == "memory_of") return memory();
    const Arguments given = arguments();
    const std::size_t after = std::exchange(position_, begin);
    Typed typed = called(name, given);
    position_ = after;
    return typed;
  }

  Typed memory() {
    skip_spaces();
    const Hardware* machine = hardware();
    skip_spaces();
    if (!take(")")) fail("')' is missing", "memory_of(HARDWARE)");
    return {literal(machine->memory.bytes), {FigureForm::Kind::quantity, Unit::bytes}};
  }

  Typed called(const std::string& name, const Arguments& given) {
    if (const Quantity* quantity = find_quantity(name)) {
      require_model_alone(name, given);
      if (quantity->needs == Needs::hardware && given.settings.hardware == nullptr) {
        fail(fmt::format("'{}' needs hardware", name),
             fmt::format("write {}(MODEL, on = h100-sxm)", name));
      }
      return {std::make_shared<ExpressionNode>(
                  ExpressionNode{QuantityCall{quantity, given.model, given.settings}}),
              {FigureForm::Kind::quantity, quantity->unit}};
    }
    if (const auto figure = timed_figure(name)) {
      require_model_alone(name, given);
      return {std::make_shared<ExpressionNode>(
                  ExpressionNode{TimedCall{*figure, given.model, given.settings}}),
              *figure == TimedFigure::norm_share
                  ? kRatio
                  : FigureForm{FigureForm::Kind::quantity, Unit::tokens_per_second}};
    }
    const auto value = structure_value(name, given);
    if (!value) {
      fail(fmt::format("unknown quantity '{}'", name), suggest(name, known_functions()));
    }
    return {literal(value->figure), value->form};
  }

  std::optional<FunctionValue> structure_value(const std::string& name, const Arguments& given) {
    try {
      return structure_function(name, given.model, given.others, models_);
    } catch (const ExpressionError& error) {
      fail(error.what(), error.remedy());
    }
  }

  void require_model_alone(const std::string& name, const Arguments& given) const {
    if (given.model != nullptr && given.others.empty()) return;
    fail(fmt::format("'{}' is asked of one model", name), fmt::format("write {}(MODEL)", name));
  }

  static std::optional<TimedFigure> timed_figure(std::string_view name) {
    if (name == "timed_decode") return TimedFigure::decode;
    if (name == "timed_prefill") return TimedFigure::prefill;
    if (name == "timed_norm_share") return TimedFigure::norm_share;
    return std::nullopt;
  }

  static std::vector<std::string> known_functions() {
    std::vector<std::string> names;
    for (const Quantity& quantity : quantities()) names.emplace_back(quantity.name);
    for (const FunctionHelp& function : expression_functions()) {
      names.emplace_back(function.form.substr(0, function.form.find('(')));
    }
    return names;
  }

  Arguments arguments() {
    Arguments given;
    skip_spaces();
    if (text_.substr(position_).starts_with('"')) {
      given.others.emplace_back(quoted());
    } else {
      given.model = model();
    }
    while (true) {
      skip_spaces();
      if (take(")")) return given;
      if (!take(",")) fail("',' or ')' is expected here", "name(MODEL, context = 32k)");
      argument(given);
    }
  }

  const Model* model() {
    const std::size_t begin = position_;
    const std::string name = model_word();
    const auto found = models_.models.find(name);
    if (found != models_.models.end()) return found->second;
    position_ = begin;
    std::vector<std::string> names;
    for (const auto& [known, value] : models_.models) names.push_back(known);
    fail(fmt::format("unknown model {}", quote_name(name)), suggest(name, names));
  }

  void argument(Arguments& given) {
    skip_spaces();
    if (text_.substr(position_).starts_with('"')) return void(given.others.emplace_back(quoted()));
    if (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      return void(given.others.emplace_back(whole()));
    }
    const std::size_t begin = position_;
    const std::string key = word();
    skip_spaces();
    if (!take("=")) fail("'=' is expected here", "write context = 32k");
    skip_spaces();
    setting(given.settings, key, begin);
  }

  void setting(CallSettings& settings, const std::string& key, std::size_t key_at) {
    if (key == "context") return void(settings.context = whole());
    if (key == "prompt") return void(settings.prompt = whole());
    if (key == "batch") return void(settings.batch = whole());
    if (key == "weights") return void(settings.weights = format());
    if (key == "kv") return void(settings.kv = format());
    if (key == "on") return void(settings.hardware = hardware());
    position_ = key_at;
    fail(fmt::format("unknown setting '{}'", key),
         suggest(key, {"context", "prompt", "batch", "weights", "kv", "on"}));
  }

  DType format() {
    const std::size_t begin = position_;
    const std::string name = word();
    std::vector<std::string> names;
    for (const auto& [known, dtype] : kDTypes) {
      if (known == name) return dtype;
      names.emplace_back(known);
    }
    position_ = begin;
    fail(fmt::format("unknown number format '{}'", name), suggest(name, names));
  }

  const Hardware* hardware() {
    const std::size_t begin = position_;
    const std::string name = model_word();
    const auto found = models_.hardware.find(name);
    if (found != models_.hardware.end()) return found->second;
    position_ = begin;
    std::vector<std::string> names;
    for (const auto& [known, value] : models_.hardware) names.push_back(known);
    fail(fmt::format("unknown hardware {}", quote_name(name)), suggest(name, names));
  }

  const StudyModels& models_;
  int depth_ = 0;  // parentheses that are open
};

// The sides as they stand; a right side that is a bare number or text is seen beside it anyway.
std::string unlabelled(const Check& check) {
  if (std::holds_alternative<FigureValue>(check.right.root->what)) return check.left.text;
  return fmt::format("{} {} {}", check.left.text, sign_of(check.relation), check.right.text);
}

}  // namespace

Check parse_check(std::string_view text, const StudyModels& models) {
  Parser parser(text, models);
  Check check;
  check.label = parser.label();
  check.left = parser.expression();
  const std::size_t at = parser.position();
  check.relation = parser.relation();
  check.right = parser.expression();
  check.tolerance = parser.tolerance();
  parser.end();
  parser.require_comparable(check, at);
  const FigureForm form = *common_form(check.left.form, check.right.form);
  check.left.form = check.right.form = form;
  if (check.label.empty()) check.label = unlabelled(check);
  return check;
}

LabelledExpression parse_labelled(std::string_view text, const StudyModels& models) {
  Parser parser(text, models);
  LabelledExpression labelled;
  labelled.label = parser.label();
  labelled.expression = parser.expression();
  parser.end();
  if (labelled.label.empty()) labelled.label = labelled.expression.text;
  return labelled;
}

}  // namespace llmarch
