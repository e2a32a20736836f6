#include "sim/study/expression_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/decimal.h"

namespace llmarch {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

// 10 to the power of `exponent`, times `number`. Throws Overflow.
Integer scaled(Integer number, int exponent) {
  for (; exponent > 0; --exponent) number *= 10;
  return number;
}

// The whole number that "671e9" or "1.5e3" stands for; none where it is not whole or exceeds 64
// bits. Not read as a double, which would round it above 2^53.
std::optional<Integer> whole_number(const std::string& text) {
  const std::size_t e = text.find('e');
  std::string digits = text.substr(0, e);
  int exponent = 0;
  if (e != std::string::npos) {
    const std::size_t begin = text[e + 1] == '+' ? e + 2 : e + 1;
    std::from_chars(text.data() + begin, text.data() + text.size(), exponent);
  }
  if (const std::size_t dot = digits.find('.'); dot != std::string::npos) {
    exponent -= static_cast<int>(digits.size() - dot - 1);
    digits.erase(dot, 1);
  }
  for (; exponent < 0 && digits.ends_with('0'); ++exponent) digits.pop_back();
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || exponent < 0) return std::nullopt;
  try {
    return scaled(number, number == 0 ? 0 : exponent);
  } catch (const Overflow&) {
    return std::nullopt;
  }
}

// `value` is the number as a double, used where `whole` is none or its product exceeds 64 bits.
FigureValue in_units(std::optional<Integer> whole, double value, std::int64_t unit) {
  try {
    if (whole) return *whole * unit;
  } catch (const Overflow&) {  // falls back to a real number
  }
  const double product = value * static_cast<double>(unit);
  constexpr double kLargestExact = 0x1p53;
  if (product == std::floor(product) && product <= kLargestExact) {
    return Integer(static_cast<std::int64_t>(product));
  }
  return product;
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

bool ExpressionText::at(char sign) const {
  return position_ < text_.size() && text_[position_] == sign;
}

bool ExpressionText::at_digit() const {
  return position_ < text_.size() && is_digit(text_[position_]);
}

FigureValue ExpressionText::number() {
  const std::size_t begin = position_;
  std::string digits;
  while (position_ < text_.size()) {
    const char c = text_[position_];
    const bool exponent_sign = (c == '-' || c == '+') && digits.ends_with('e');
    if (!is_digit(c) && c != '.' && c != 'e' && c != '_' && !exponent_sign) break;
    if (c != '_') digits += c;
    ++position_;
  }
  double value = 0;
  const auto [rest, error] = read_decimal(digits, value);
  if (error != std::errc() || rest != digits.data() + digits.size()) {
    position_ = begin;
    fail("this is not a number", "write 1024, 1.5, 671e9, 8k or 1M");
  }
  const std::int64_t unit = take("k") ? 1 << 10 : take("M") ? 1 << 20 : 1;
  return in_units(whole_number(digits), value, unit);
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

Integer ExpressionText::whole(Range range) {
  const std::size_t begin = position_;
  const FigureValue figure = number();
  const auto* value = std::get_if<Integer>(&figure);
  if (value != nullptr && *value >= range.least && *value <= range.most) return *value;
  position_ = begin;
  if (value != nullptr && *value > range.most) {
    fail(fmt::format("{} is more than is looked at", value->value()),
         fmt::format("write at most {}", range.most));
  }
  fail(fmt::format("a whole number of at least {} is expected here", range.least),
       "write 8192 or 8k");
}

}  // namespace llmarch
