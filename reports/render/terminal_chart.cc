#include "reports/render/terminal_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "reports/document/chart_axis.h"
#include "reports/document/text.h"

namespace llmarch::reports {
namespace {

constexpr std::size_t kRows = 16;
constexpr std::size_t kWidest = 100;
constexpr std::string_view kSigns = "*o+#@%&=";
constexpr char kMark = 'X';

char sign_of(std::size_t series) {
  return kSigns[series % kSigns.size()];
}

// The field of characters, with the row and the column of each figure in it.
class Canvas {
 public:
  Canvas(const Chart& chart, std::size_t columns)
      : x_(chart.x, xs_of(chart), 5),
        y_(chart.y, ys_of(chart), 5),
        rows_(kRows, std::string(columns, ' ')) {
    for (std::size_t i = 0; i < chart.series.size(); ++i) add(chart.series[i], sign_of(i));
    for (const ChartMark& mark : chart.marks) put(mark.at, kMark);
  }

  [[nodiscard]] const std::vector<std::string>& rows() const { return rows_; }
  [[nodiscard]] const ChartAxis& x() const { return x_; }
  [[nodiscard]] const ChartAxis& y() const { return y_; }

  [[nodiscard]] std::size_t column_of(double x) const {
    return scaled(x_.share(x), rows_.front().size());
  }
  [[nodiscard]] std::size_t row_of(double y) const {
    return kRows - 1 - scaled(y_.share(y), kRows);
  }

 private:
  static std::size_t scaled(double share, std::size_t cells) {
    const auto last = static_cast<double>(cells - 1);
    return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * last));
  }

  void put(const ChartPoint& point, char sign) {
    if (!x_.shows(point.x) || !y_.shows(point.y)) return;
    rows_[row_of(point.y)][column_of(point.x)] = sign;
  }

  void add(const Series& series, char sign) {
    for (const ChartPoint& point : series.points) put(point, sign);
  }

  ChartAxis x_;
  ChartAxis y_;
  std::vector<std::string> rows_;
};

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return (taken < width ? std::string(width - taken, ' ') : "") + text;
}

// The labels of the y axis, by row.
std::vector<std::string> row_labels(const Canvas& canvas) {
  std::vector<std::string> labels(kRows);
  for (const Tick& tick : canvas.y().ticks()) labels[canvas.row_of(tick.value)] = tick.text;
  return labels;
}

std::string without_end_spaces(std::string line) {
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

// The labels of the x axis below their columns; one that would touch the one before it is left out.
std::string column_labels(const Canvas& canvas) {
  std::string line;
  for (const Tick& tick : canvas.x().ticks()) {
    const std::size_t middle = canvas.column_of(tick.value);
    const std::size_t begin = middle - std::min(middle, tick.text.size() / 2);
    if (!line.empty() && begin < line.size() + 1) continue;
    if (begin + tick.text.size() > canvas.rows().front().size() + 2) continue;
    line.append(begin - line.size(), ' ').append(tick.text);
  }
  return line;
}

std::string legend(const Chart& chart) {
  std::string text;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    text += fmt::format("  {} {}\n", sign_of(i), printable(chart.series[i].label));
  }
  for (const ChartMark& mark : chart.marks) {
    if (!mark.text.empty()) text += fmt::format("  {} {}\n", kMark, printable(mark.text));
  }
  return text;
}

}  // namespace

std::string render_terminal_chart(const Chart& chart, std::size_t width) {
  const ChartAxis axis(chart.y, ys_of(chart), 5);
  std::size_t margin = 0;
  for (const Tick& tick : axis.ticks()) margin = std::max(margin, tick.text.size());
  const std::size_t columns = std::max<std::size_t>(20, std::min(width, kWidest) - margin - 4);
  const Canvas canvas(chart, columns);
  const std::vector<std::string> labels = row_labels(canvas);
  std::string text = printable(title_of(chart.y)) + "\n";
  for (std::size_t row = 0; row < kRows; ++row) {
    text += without_end_spaces(padded(labels[row], margin) + (labels[row].empty() ? " │" : " ┤") +
                               canvas.rows()[row]) +
            "\n";
  }
  text += std::string(margin + 1, ' ') + "└";
  for (std::size_t i = 0; i < columns; ++i) text += "─";
  text += "\n" + std::string(margin + 2, ' ') + column_labels(canvas) + "\n";
  text += std::string(margin + 2, ' ') + printable(title_of(chart.x)) + "\n";
  return text + legend(chart);
}

}  // namespace llmarch::reports
