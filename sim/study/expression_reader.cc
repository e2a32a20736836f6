#include "sim/study/expression_reader.h"

#include <fmt/format.h>

#include <array>

#include "sim/spec/diagnostics.h"
#include "sim/study/expression_call.h"

namespace llmarch {
namespace {

// Reading and evaluating recurse once for each parenthesis and each operator, so both are bounded.
// A formula that people read is a line or two.
constexpr std::size_t kLongestExpression = 4096;
constexpr int kDeepestParentheses = 64;

class ExpressionReader : private ExpressionCall {
 public:
  ExpressionReader(std::string_view text, const StudyModels& models)
      : ExpressionCall(text, models) {
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
    const FormedNode formed = sum();
    std::string_view text = text_.substr(begin, position_ - begin);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return {formed.node, std::string(text), formed.form};
  }

  Relation relation() {
    skip_spaces();
    constexpr std::array kSigns{std::pair{std::string_view("<="), Relation::at_most},
                                std::pair{std::string_view(">="), Relation::at_least},
                                std::pair{std::string_view("!="), Relation::not_equal},
                                std::pair{std::string_view("<"), Relation::less},
                                std::pair{std::string_view(">"), Relation::more},
                                std::pair{std::string_view("="), Relation::equal}};
    static_assert(kSigns.size() == enumerator_count<Relation>(), "every relation has its sign");
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
      const bool texts = check.left.form == kPlainText;
      const bool ordered =
          check.relation != Relation::equal && check.relation != Relation::not_equal;
      if (!texts || (!ordered && !check.tolerance)) return;
      position_ = at;
      fail("texts have no order", "compare them with = or !=");
    }
    position_ = at;
    fail(fmt::format("{} and {} cannot be compared", name_of(check.left.form),
                     name_of(check.right.form)),
         "divide the two by figures of the same unit, or compare with a number");
  }

  using ExpressionText::position;

 private:
  static FormedNode made(Operator how, const FormedNode& left, const FormedNode& right,
                         std::size_t sign, FigureForm form) {
    return {std::make_shared<ExpressionNode>(
                ExpressionNode{Arithmetic{how, left.node, right.node, sign}}),
            form};
  }

  void refuse_texts(const FormedNode& left, const FormedNode& right, std::size_t sign) {
    if (left.form == kPlainText || right.form == kPlainText) {
      position_ = sign;
      fail("there is no arithmetic with texts", "compare them with = or !=");
    }
  }

  FormedNode sum() {
    FormedNode left = product();
    while (true) {
      skip_spaces();
      const bool plus = at('+');
      if (!plus && !at('-')) return left;
      const std::size_t sign = position_++;
      const FormedNode right = product();
      refuse_texts(left, right, sign);
      const auto form = common_form(left.form, right.form);
      if (!form) {
        position_ = sign;
        fail(fmt::format("{} and {} cannot be added", name_of(left.form), name_of(right.form)),
             "add figures of one unit");
      }
      left = made(plus ? Operator::add : Operator::subtract, left, right, sign, *form);
    }
  }

  FormedNode product() {
    FormedNode left = factor();
    while (true) {
      skip_spaces();
      const bool times = at('*');
      if (!times && !at('/')) return left;
      const std::size_t sign = position_++;
      const FormedNode right = factor();
      refuse_texts(left, right, sign);
      left = times
                 ? made(Operator::multiply, left, right, sign, product_form(left.form, right.form))
                 : made(Operator::divide, left, right, sign, quotient_form(left.form, right.form));
    }
  }

  FormedNode parenthesis() {
    if (++depth_ > kDeepestParentheses) {
      fail(fmt::format("parentheses nest more than {} deep", kDeepestParentheses),
           "leave out those that change nothing");
    }
    FormedNode inner = sum();
    skip_spaces();
    if (!take(")")) fail("')' is missing", "each '(' needs one");
    --depth_;
    return inner;
  }

  FormedNode factor() {
    skip_spaces();
    if (take("(")) return parenthesis();
    if (at('"')) return literal(quoted(), kPlainText);
    if (at_digit()) return literal(number(), {});
    return call();
  }

  int depth_ = 0;  // parentheses that are open
};

// The left side as written, and the right side too unless it is a bare number or text, which the
// report shows anyway.
std::string unlabelled(const Check& check) {
  if (std::holds_alternative<FigureValue>(check.right.root->what)) return check.left.text;
  return fmt::format("{} {} {}", check.left.text, sign_of(check.relation), check.right.text);
}

}  // namespace

Check read_check(std::string_view text, const StudyModels& models) {
  ExpressionReader reader(text, models);
  Check check;
  check.label = reader.label();
  check.left = reader.expression();
  const std::size_t at = reader.position();
  check.relation = reader.relation();
  check.right = reader.expression();
  check.tolerance = reader.tolerance();
  reader.end();
  reader.require_comparable(check, at);
  const FigureForm form = *common_form(check.left.form, check.right.form);
  check.left.form = check.right.form = form;
  if (check.label.empty()) check.label = unlabelled(check);
  return check;
}

LabelledExpression read_labelled(std::string_view text, const StudyModels& models) {
  ExpressionReader reader(text, models);
  LabelledExpression labelled;
  labelled.label = reader.label();
  labelled.expression = reader.expression();
  reader.end();
  if (labelled.label.empty()) labelled.label = labelled.expression.text;
  return labelled;
}

}  // namespace llmarch
