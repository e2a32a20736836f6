// The axis of a chart: its ends, where between them a figure lies, where its ticks are and how they
// are labelled. Shared by the pictures and the terminal's charts.
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"

namespace llmarch::reports {

struct Tick {
  double value = 0;
  std::string text = {};
};

class ChartAxis {
 public:
  // Spans `values`, except those that a logarithmic axis cannot show; a linear axis begins at zero
  // when no value is below it. At most `most_ticks` >= 2 ticks.
  ChartAxis(Axis axis, const std::vector<double>& values, std::size_t most_ticks);

  [[nodiscard]] bool shows(double value) const;
  // 0 at the low end, 1 at the high end.
  [[nodiscard]] double share(double value) const;
  [[nodiscard]] const std::vector<Tick>& ticks() const { return ticks_; }
  [[nodiscard]] std::string text(double value) const;

 private:
  void place_linear_ticks(std::size_t most);
  void place_logarithmic_ticks(std::size_t most);
  void add_tick(double value);

  Axis axis_;
  double low_ = 0;
  double high_ = 1;
  std::vector<Tick> ticks_;
};

// The label with its scale: "context, tokens (logarithmic)".
std::string title_of(const Axis& axis);

// The axes of a chart.
std::vector<double> xs_of(const Chart& chart);
std::vector<double> ys_of(const Chart& chart);

}  // namespace llmarch::reports
