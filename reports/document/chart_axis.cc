#include "reports/document/chart_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

namespace llmarch::reports {
namespace {

struct AxisUnit {
  std::string_view name;
  double size;
};

constexpr std::array kByteUnits{AxisUnit{" B", 1},
                                AxisUnit{" KiB", 1024.0},
                                AxisUnit{" MiB", 1048576.0},
                                AxisUnit{" GiB", 1073741824.0},
                                AxisUnit{" TiB", 1099511627776.0},
                                AxisUnit{" PiB", 1125899906842624.0}};
constexpr std::array kCountUnits{AxisUnit{"", 1}, AxisUnit{" K", 1e3}, AxisUnit{" M", 1e6},
                                 AxisUnit{" B", 1e9}, AxisUnit{" T", 1e12}};
constexpr std::array kTokenUnits{AxisUnit{"", 1}, AxisUnit{"k", 1024.0}, AxisUnit{"M", 1048576.0}};
constexpr std::array kPlainUnits{AxisUnit{"", 1}};

std::span<const AxisUnit> units_of(TickFormat format) {
  switch (format) {
    case TickFormat::plain: return kPlainUnits;
    case TickFormat::tokens: return kTokenUnits;
    case TickFormat::bytes: return kByteUnits;
    case TickFormat::counts: return kCountUnits;
  }
  return kPlainUnits;
}

// The largest unit of at most `value`.
AxisUnit unit_for(double value, TickFormat format) {
  AxisUnit chosen = units_of(format).front();
  for (const AxisUnit& unit : units_of(format)) {
    if (unit.size <= std::abs(value) * (1 + 1e-9)) chosen = unit;
  }
  return chosen;
}

bool counts_in_twos(TickFormat format) {
  return format == TickFormat::tokens || format == TickFormat::bytes;
}

// The smallest of 1, 2 or 5 times a power of ten that is at least `step`.
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

ChartAxis::ChartAxis(Axis axis, const std::vector<double>& values, std::size_t most_ticks)
    : axis_(std::move(axis)) {
  std::vector<double> shown;
  std::ranges::copy_if(values, std::back_inserter(shown),
                       [&](double value) { return shows(value); });
  const bool logarithmic = axis_.scale == Scale::logarithmic;
  if (!shown.empty()) {
    low_ = *std::ranges::min_element(shown);
    high_ = *std::ranges::max_element(shown);
    if (!logarithmic) low_ = std::min(low_, 0.0);
  } else if (logarithmic) {
    low_ = 1;
    high_ = 10;
  }
  if (low_ == high_) high_ = logarithmic ? 2 * low_ : low_ + 1;
  if (logarithmic) {
    place_logarithmic_ticks(most_ticks);
  } else {
    place_linear_ticks(most_ticks);
  }
}

bool ChartAxis::shows(double value) const {
  return std::isfinite(value) && (axis_.scale == Scale::linear || value > 0);
}

double ChartAxis::share(double value) const {
  if (axis_.scale == Scale::linear) return (value - low_) / (high_ - low_);
  return std::log(value / low_) / std::log(high_ / low_);
}

std::string ChartAxis::text(double value) const {
  const AxisUnit unit = unit_for(value, axis_.ticks);
  return fmt::format("{:.4g}{}", value / unit.size, unit.name);
}

void ChartAxis::add_tick(double value) {
  const double slack = 1e-9 * (high_ - low_);
  if (value < low_ - slack || value > high_ + slack) return;
  ticks_.push_back({value, text(value)});
}

void ChartAxis::place_linear_ticks(std::size_t most) {
  const double unit = unit_for(std::max(std::abs(low_), std::abs(high_)), axis_.ticks).size;
  const double step = unit * round_step((high_ - low_) / unit / static_cast<double>(most - 1));
  const auto first = static_cast<std::int64_t>(std::ceil(low_ / step - 1e-9));
  for (std::size_t i = 0; i < most; ++i) {
    add_tick(step * static_cast<double>(first + static_cast<std::int64_t>(i)));
  }
}

// Powers of the base, or every n-th of them where there are many, and of ten also twice and five
// times its powers where there is room. The axis begins at the last tick below the figures, so that
// the lowest of them stands between two ticks; an axis between two ticks has those of a linear one.
void ChartAxis::place_logarithmic_ticks(std::size_t most) {
  const double base = counts_in_twos(axis_.ticks) ? 2 : 10;
  const double log_base = std::log(base);
  const auto first = static_cast<std::int64_t>(std::floor(std::log(low_) / log_base + 1e-9));
  const auto last = static_cast<std::int64_t>(std::floor(std::log(high_) / log_base + 1e-9));
  const auto powers = last - first + 1;
  const auto every = (powers - 1) / static_cast<std::int64_t>(most) + 1;
  const bool between = base == 10 && 3 * powers <= static_cast<std::int64_t>(most);
  std::vector<double> values;
  for (std::int64_t exponent = first; exponent <= last; exponent += every) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && !between) continue;
      values.push_back(factor * std::pow(base, static_cast<double>(exponent)));
    }
  }
  const auto above =
      std::ranges::find_if(values, [&](double value) { return value > low_ * (1 + 1e-9); });
  if (above == values.end()) return place_linear_ticks(most);
  low_ = *(above - 1);
  for (auto value = above - 1; value != values.end(); ++value) add_tick(*value);
}

std::string title_of(const Axis& axis) {
  return axis.label + (axis.scale == Scale::logarithmic ? " (logarithmic)" : " (linear)");
}

std::vector<double> xs_of(const Chart& chart) {
  std::vector<double> values;
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) values.push_back(point.x);
  }
  for (const ChartMark& mark : chart.marks) values.push_back(mark.at.x);
  return values;
}

std::vector<double> ys_of(const Chart& chart) {
  std::vector<double> values;
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) values.push_back(point.y);
  }
  for (const ChartMark& mark : chart.marks) values.push_back(mark.at.y);
  return values;
}

}  // namespace llmarch::reports
