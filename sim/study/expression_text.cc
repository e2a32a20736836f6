#include "sim/study/expression_text.h"

#include <charconv>
#include <cmath>

namespace llmarch {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

void ExpressionText::fail(const std::string& problem, const std::string& remedy) const {
  throw ExpressionError(position_, problem, remedy);
}

void ExpressionText::skip_spaces() {
  while (position_ < text_.size() && text_[position_] == ' ') ++position_;
}

bool ExpressionText::take(std::string_view sign) {
  if (!text_.substr(position_).starts_with(sign)) return false;
  position_ += sign.size();
  return true;
}

std::string ExpressionText::quoted() {
  const std::size_t end = text_.find('"', position_ + 1);
  if (end == std::string_view::npos) fail("the text does not end", "close it with '\"'");
  std::string text(text_.substr(position_ + 1, end - position_ - 1));
  position_ = end + 1;
  return text;
}

FigureValue ExpressionText::number() {
  const std::size_t begin = position_;
  std::string digits;
  while (position_ < text_.size()) {
    const char c = text_[position_];
    const bool exponent_sign = (c == '-' || c == '+') && digits.ends_with('e');
    if (!(c >= '0' && c <= '9') && c != '.' && c != 'e' && c != '_' && !exponent_sign) break;
    if (c != '_') digits += c;
    ++position_;
  }
  double value = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || rest != digits.data() + digits.size()) {
    position_ = begin;
    fail("this is no number", "write 1024, 1.5, 671e9, 8k or 1M");
  }
  if (take("k")) value *= 1024;
  if (take("M")) value *= 1024 * 1024;
  constexpr double kLargestExact = 9e15;
  if (value == std::floor(value) && value <= kLargestExact) {
    return Integer(static_cast<std::int64_t>(value));
  }
  return value;
}

std::string ExpressionText::word() {
  skip_spaces();
  const std::size_t begin = position_;
  while (position_ < text_.size() && is_name_character(text_[position_])) ++position_;
  if (begin == position_) fail("a figure is expected here", "write a number or name(MODEL)");
  return std::string(text_.substr(begin, position_ - begin));
}

std::string ExpressionText::model_word() {
  skip_spaces();
  const std::size_t end = std::min(text_.find_first_of(",)", position_), text_.size());
  std::string name(text_.substr(position_, end - position_));
  while (name.ends_with(' ')) name.pop_back();
  position_ += name.size();
  return name;
}

Integer ExpressionText::whole() {
  const std::size_t begin = position_;
  const FigureValue figure = number();
  const auto* value = std::get_if<Integer>(&figure);
  if (value == nullptr || *value < 1) {
    position_ = begin;
    fail("a whole number of at least 1 is expected here", "write 8192 or 8k");
  }
  return *value;
}

}  // namespace llmarch
