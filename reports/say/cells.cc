#include "reports/say/cells.h"

#include "reports/document/format.h"

namespace llmarch::reports {

std::string grouped(Integer number) {
  return grouped(number.value());
}

Cell text_cell(std::string text) {
  return {.text = std::move(text)};
}

Cell number_cell(std::int64_t number) {
  return {.text = grouped(number), .value = number};
}

Cell count_cell(std::int64_t count, const std::string& unit, Digits digits) {
  return {.text = digits == Digits::exact ? grouped(count) : decimal_count(count),
          .value = count,
          .unit = unit};
}

Cell parameters_cell(Elements elements, Digits digits) {
  return count_cell(elements.value(), "parameters", digits);
}

Cell bytes_cell(Bytes bytes, Digits digits) {
  return {.text = digits == Digits::exact ? grouped(bytes.value()) : binary_bytes(bytes.value()),
          .value = bytes.value(),
          .unit = "bytes"};
}

Cell flops_cell(Flops flops, Digits digits) {
  return count_cell(flops.value(), "FLOPs", digits);
}

Cell duration_cell(double seconds) {
  return {.text = duration(seconds), .value = seconds, .unit = "seconds"};
}

Cell rate_cell(double rate, const std::string& unit) {
  return {.text = three_digits(rate), .value = rate, .unit = unit};
}

Cell ratio_cell(double value) {
  return {.text = ratio(value), .value = value};
}

Cell percent_cell(double fraction) {
  return {.text = percent(fraction), .value = fraction};
}

Column text_column(std::string heading) {
  return {.heading = std::move(heading)};
}

Column figure_column(std::string heading) {
  return {.heading = std::move(heading), .alignment = Alignment::right};
}

}  // namespace llmarch::reports
