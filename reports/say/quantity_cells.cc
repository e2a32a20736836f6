#include "reports/say/quantity_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "reports/document/chart_axis.h"
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

std::string sentence_of(const Chart& chart, const std::string& what, Unit unit) {
  const auto last = [](const Series& series) { return series.points.back().y; };
  const ChartAxis lengths(chart.x, xs_of(chart), 2);
  const ChartAxis figures(chart.y, ys_of(chart), 2);
  const std::string in_units = chart.y.ticks == TickFormat::plain && !name_of(unit).empty()
                                   ? fmt::format(" {}", name_of(unit))
                                   : "";
  const auto text = [&](double figure) { return figures.text(figure) + in_units; };
  const ChartPoint& first = chart.series.front().points.front();
  const ChartPoint& end = chart.series.front().points.back();
  const std::string at =
      "At " + chart.x.label.substr(0, chart.x.label.find(',')) + " " + lengths.text(end.x) + ", ";
  const std::string most = what.empty() ? "the highest" : "the most";
  const std::string of = what.empty() ? "is" : "has";
  const auto [low, high] = std::ranges::minmax_element(chart.series, {}, last);
  if (chart.series.size() == 1) {
    return fmt::format("{} of {} goes from {} at {} to {} at {}.", what, low->label, text(first.y),
                       lengths.text(first.x), text(end.y), lengths.text(end.x));
  }
  if (last(*low) == last(*high)) {
    return at + (what.empty() ? "all are the same." : "all have the same " + what + ".");
  }
  if (chart.series.size() == 2 && chart.marks.size() == 1) {
    return fmt::format("From {} on, {} {} {} than {}.", chart.marks.front().text, low->label, of,
                       what.empty() ? "lower" : "less " + what, high->label);
  }
  return fmt::format("{}{} {} {}, {}, and {} {}, {}.", at, low->label, of,
                     what.empty() ? "the lowest" : "the least " + what, text(last(*low)),
                     high->label, most, text(last(*high)));
}

std::string labelled(const Quantity& quantity) {
  const std::string_view unit = name_of(quantity.unit);
  if (unit.empty() || quantity.unit == Unit::bytes) return std::string(quantity.name);
  return fmt::format("{}, {}", quantity.name, unit);
}

std::string explained(const Quantity& quantity) {
  return fmt::format("{}: {}", labelled(quantity), quantity.meaning);
}

}  // namespace llmarch::reports
