#include "reports/figure_cell.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "reports/format.h"

namespace llmarch::reports {
namespace {

// A quantity that arithmetic has made a real number is whole enough to be shown as a count.
std::int64_t nearest(const Figure& figure) {
  if (const auto* whole = std::get_if<Integer>(&figure)) return whole->value();
  return std::llround(std::get<double>(figure));
}

Cell number(const Figure& figure, const std::string& unit) {
  if (const auto* whole = std::get_if<Integer>(&figure)) {
    Cell cell = number_cell(whole->value());
    cell.unit = unit;
    return cell;
  }
  const double value = std::get<double>(figure);
  return {.text = fmt::format("{:.4g}", value), .value = value, .unit = unit};
}

std::string seconds_text(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.4g} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.4g} ms", seconds * 1e3);
  return fmt::format("{:.4g} s", seconds);
}

Cell quantity_cell(const Figure& figure, Unit unit, Digits digits) {
  switch (unit) {
    case Unit::number: return number(figure, "");
    case Unit::parameters: return parameters_cell(Elements(nearest(figure)), digits);
    case Unit::tokens: return number(figure, "tokens");
    case Unit::bytes: return bytes_cell(Bytes(nearest(figure)), digits);
    case Unit::flops: return flops_cell(Flops(nearest(figure)), digits);
    case Unit::calls: return count_cell(nearest(figure), "calls", digits);
    case Unit::flops_per_byte: return number(figure, "FLOPs per byte");
    case Unit::seconds: {
      const double seconds = as_double(figure);
      return {.text = seconds_text(seconds), .value = seconds, .unit = "seconds"};
    }
    case Unit::tokens_per_second: {
      const double rate = as_double(figure);
      return {.text = fmt::format("{:.4g} tokens/s", rate), .value = rate, .unit = "tokens/s"};
    }
  }
  throw std::logic_error("quantity_cell: a unit outside the enumeration");
}

}  // namespace

Cell figure_cell(const Figure& figure, const FigureForm& form, Digits digits) {
  switch (form.kind) {
    case FigureForm::Kind::text: return text_cell(std::get<std::string>(figure));
    case FigureForm::Kind::ratio: {
      const double value = as_double(figure);
      return ratio_cell(value);
    }
    case FigureForm::Kind::any: return number(figure, "");
    case FigureForm::Kind::quantity: return quantity_cell(figure, form.unit, digits);
  }
  throw std::logic_error("figure_cell: a form outside the enumeration");
}

}  // namespace llmarch::reports
