#include "reports/say/figure_cell.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "reports/document/format.h"

namespace llmarch::reports {
namespace {

// The figure as a whole number, also where arithmetic has made it a real one.
std::int64_t nearest(const FigureValue& figure) {
  if (const auto* whole = std::get_if<Integer>(&figure)) return whole->value();
  return std::llround(std::get<double>(figure));
}

Cell number(const FigureValue& figure, const std::string& unit) {
  if (const auto* whole = std::get_if<Integer>(&figure)) {
    Cell cell = number_cell(whole->value());
    cell.unit = unit;
    return cell;
  }
  const double value = std::get<double>(figure);
  return {.text = fmt::format("{:.4g}", value), .value = value, .unit = unit};
}

// Enough digits to tell two nearly equal figures apart.
Cell precise(double value, const std::string& sign, const std::string& unit) {
  return {.text = fmt::format("{:.9g}{}", value, sign), .value = value, .unit = unit};
}

Cell seconds(double value, Digits digits) {
  return digits == Digits::exact ? precise(value, " s", "seconds") : duration_cell(value);
}

Cell rate(double value, Digits digits) {
  if (digits == Digits::exact) return precise(value, " tokens/s", "tokens/s");
  return {.text = fmt::format("{:.4g} tokens/s", value), .value = value, .unit = "tokens/s"};
}

Cell quantity_cell(const FigureValue& figure, Unit unit, Digits digits) {
  switch (unit) {
    case Unit::number: return number(figure, "");
    case Unit::parameters: return parameters_cell(Elements(nearest(figure)), digits);
    case Unit::tokens: return number(figure, "tokens");
    case Unit::bytes: return bytes_cell(Bytes(nearest(figure)), digits);
    case Unit::flops: return flops_cell(Flops(nearest(figure)), digits);
    case Unit::calls: return count_cell(nearest(figure), "calls", digits);
    case Unit::flops_per_byte: return number(figure, "FLOPs per byte");
    case Unit::seconds: return seconds(as_double(figure), digits);
    case Unit::tokens_per_second: return rate(as_double(figure), digits);
  }
  throw std::logic_error("quantity_cell: a unit outside the enumeration");
}

// A ratio; one below a tenth as a percentage, which is easier to read.
Cell share_cell(double value, Digits digits) {
  constexpr double kSmall = 0.1;
  if (digits == Digits::exact) return precise(value, "×", "");
  if (value <= 0 || value >= kSmall) return ratio_cell(value);
  return {.text = fmt::format("{:.3g} %", value * 100), .value = value};
}

}  // namespace

Cell figure_cell(const FigureValue& figure, const FigureForm& form, Digits digits) {
  switch (form.kind) {
    case FigureForm::Kind::text: return text_cell(std::get<std::string>(figure));
    case FigureForm::Kind::ratio: return share_cell(as_double(figure), digits);
    case FigureForm::Kind::any: return number(figure, "");
    case FigureForm::Kind::quantity: return quantity_cell(figure, form.unit, digits);
  }
  throw std::logic_error("figure_cell: a form outside the enumeration");
}

}  // namespace llmarch::reports
