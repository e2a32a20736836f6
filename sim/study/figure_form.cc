#include "sim/study/figure_form.h"

#include <cmath>
#include <stdexcept>

namespace llmarch {
namespace {

bool is_scalar(const FigureForm& form) {
  return form.kind == FigureForm::Kind::any || form == kRatio || form == kPlainNumber;
}

// Compares without turning the whole number into a double, which would round 63 bits to 53.
std::partial_ordering order_of(Integer whole, double real) {
  constexpr double kBeyond = 0x1p63;
  if (std::isnan(real)) return std::partial_ordering::unordered;
  if (real >= kBeyond) return std::partial_ordering::less;
  if (real < -kBeyond) return std::partial_ordering::greater;
  const Integer below = static_cast<std::int64_t>(std::floor(real));
  if (whole != below) return whole <=> below;
  return real > std::floor(real) ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

}  // namespace

double as_double(const FigureValue& figure) {
  if (const auto* whole = std::get_if<Integer>(&figure)) return whole->as_double();
  if (const auto* real = std::get_if<double>(&figure)) return *real;
  throw std::logic_error("as_double: a text is not a number");
}

std::partial_ordering order_of(const FigureValue& left, const FigureValue& right) {
  const auto* a = std::get_if<Integer>(&left);
  const auto* b = std::get_if<Integer>(&right);
  if (a != nullptr && b != nullptr) return *a <=> *b;
  if (a != nullptr) return order_of(*a, as_double(right));
  if (b != nullptr) return 0 <=> order_of(*b, as_double(left));
  return as_double(left) <=> as_double(right);
}

std::string name_of(const FigureForm& form) {
  switch (form.kind) {
    case FigureForm::Kind::any: return "a number";
    case FigureForm::Kind::ratio: return "a ratio";
    case FigureForm::Kind::text: return "a text";
    case FigureForm::Kind::quantity: break;
  }
  return form.unit == Unit::number ? "a number" : std::string(name_of(form.unit));
}

std::optional<FigureForm> common_form(const FigureForm& a, const FigureForm& b) {
  if (a == b) return a;
  if (a == kPlainText || b == kPlainText) return std::nullopt;
  if (b.kind == FigureForm::Kind::any) return a;
  if (a.kind == FigureForm::Kind::any) return b;
  if (is_scalar(a) && is_scalar(b)) return kPlainNumber;
  return std::nullopt;
}

FigureForm product_form(const FigureForm& a, const FigureForm& b) {
  if (a.kind == FigureForm::Kind::any) return b;
  if (is_scalar(b)) return a;
  return is_scalar(a) ? b : kPlainNumber;
}

FigureForm quotient_form(const FigureForm& a, const FigureForm& b) {
  if (b.kind == FigureForm::Kind::any) return a;
  if (a == b) return kRatio;
  return is_scalar(b) ? a : kPlainNumber;
}

}  // namespace llmarch
