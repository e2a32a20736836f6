#include "reports/say/quantity_cells.h"

#include <fmt/format.h>

#include <stdexcept>

#include "reports/document/format.h"

namespace llmarch::reports {
namespace {

// For units whose figures are always whole.
std::int64_t whole(const QuantityValue& value) {
  return std::get<Integer>(value).value();
}

// A count, or an expectation of one.
Cell count_or_expectation(const QuantityValue& value) {
  const auto* const expected = std::get_if<double>(&value);
  if (expected == nullptr) return number_cell(whole(value));
  return {.text = fmt::format("{:.4g}", *expected), .value = *expected};
}

}  // namespace

Cell quantity_cell(Unit unit, const QuantityValue& value, Digits digits) {
  switch (unit) {
    case Unit::number: return count_or_expectation(value);
    case Unit::tokens:
      return {.text = context_tokens(whole(value)), .value = whole(value), .unit = "tokens"};
    case Unit::bytes: return bytes_cell(Bytes(whole(value)), digits);
    case Unit::parameters:
    case Unit::flops:
    case Unit::calls: return count_cell(whole(value), std::string(name_of(unit)), digits);
    case Unit::seconds: return duration_cell(as_double(value));
    case Unit::flops_per_byte:
    case Unit::tokens_per_second: return rate_cell(as_double(value), std::string(name_of(unit)));
  }
  throw std::logic_error("quantity_cell: a unit outside the enumeration");
}

TickFormat ticks_of(Unit unit) {
  switch (unit) {
    case Unit::bytes: return TickFormat::bytes;
    case Unit::tokens: return TickFormat::tokens;
    case Unit::parameters:
    case Unit::flops:
    case Unit::calls: return TickFormat::counts;
    case Unit::number:
    case Unit::seconds:
    case Unit::flops_per_byte:
    case Unit::tokens_per_second: return TickFormat::plain;
  }
  throw std::logic_error("ticks_of: a unit outside the enumeration");
}

std::string labelled(const Quantity& quantity) {
  const std::string_view unit = name_of(quantity.unit);
  if (unit.empty() || quantity.unit == Unit::bytes) return std::string(quantity.name);
  return fmt::format("{}, {}", quantity.name, unit);
}

}  // namespace llmarch::reports
