#include "reports/pictures/chart_layout.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "reports/document/chart_axis.h"

namespace llmarch::reports {
namespace {

constexpr double kWidth = 800;
constexpr double kPlotHeight = 322;
constexpr double kLeft = 84;
constexpr double kCaptionSize = 15;
constexpr double kCaptionHeight = 20;
constexpr double kTickSize = 11;
constexpr double kLabelSize = 12;
constexpr double kLabelHeight = 15;
constexpr double kWidestLabel = 230;
constexpr double kMarkRadius = 4.5;
constexpr std::size_t kMostTicks = 9;
constexpr std::size_t kMostPoints = 1200;  // of a line; more than it has pixels

constexpr std::array kSeriesInks{Ink::series_1, Ink::series_2, Ink::series_3, Ink::series_4,
                                 Ink::series_5, Ink::series_6, Ink::series_7, Ink::series_8};

std::vector<std::string> label_lines(const Series& series) {
  return wrap_to(series.label, kWidestLabel, kLabelSize, Weight::bold);
}

double label_margin(const Chart& chart) {
  double widest = 0;
  for (const Series& series : chart.series) {
    for (const std::string& line : label_lines(series)) {
      widest = std::max(widest, text_width(line, kLabelSize, Weight::bold));
    }
  }
  return widest + 26;
}

// Lines that coincide are one line with all of their names, since the last would hide the others.
Chart with_coincident_joined(Chart chart) {
  std::vector<Series> apart;
  for (Series& series : chart.series) {
    const auto same = std::ranges::find_if(apart, [&](const Series& other) {
      return std::ranges::equal(other.points, series.points, [](const auto& a, const auto& b) {
        return a.x == b.x && a.y == b.y;
      });
    });
    if (same == apart.end()) {
      apart.push_back(std::move(series));
    } else {
      same->label += " = " + series.label;
    }
  }
  chart.series = std::move(apart);
  return chart;
}

bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

// Where there are many points, keeps the lowest and the highest of each stretch: they cover the
// same pixels as a line through all of them.
std::vector<Place> thinned(std::vector<Place> places) {
  if (places.size() <= kMostPoints) return places;
  std::vector<Place> kept;
  const std::size_t stretch = 2 * places.size() / kMostPoints + 1;
  for (std::size_t begin = 0; begin < places.size(); begin += stretch) {
    const auto first = places.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last =
        places.begin() + static_cast<std::ptrdiff_t>(std::min(begin + stretch, places.size()));
    auto [low, high] =
        std::minmax_element(first, last, [](const Place& a, const Place& b) { return a.y < b.y; });
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  kept.push_back(places.back());
  return kept;
}

class ChartDrawer {
 public:
  explicit ChartDrawer(const Chart& chart)
      : chart_(with_coincident_joined(chart)),
        right_(kWidth - label_margin(chart_)),
        x_(chart.x, xs_of(chart), kMostTicks),
        y_(chart.y, ys_of(chart), kMostTicks) {}

  Drawing draw() {
    add_headings();
    add_ticks();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) add_series(i);
    add_labels();
    for (const ChartMark& mark : chart_.marks) add_mark(mark);
    for (const ChartMark& mark : chart_.marks) add_mark_text(mark);
    return {kWidth, bottom_ + 52, chart_.caption, std::move(shapes_)};
  }

 private:
  struct Label {
    Place end;
    double y;  // of its first line
    std::size_t series;
    std::vector<std::string> lines;
    [[nodiscard]] double below() const { return kLabelHeight * static_cast<double>(lines.size()); }
  };

  void add_text(Text text) {
    taken_.push_back(bounds_of(text));
    shapes_.emplace_back(std::move(text));
  }

  [[nodiscard]] Place place(const ChartPoint& point) const {
    return {kLeft + x_.share(point.x) * (right_ - kLeft),
            bottom_ - y_.share(point.y) * (bottom_ - top_)};
  }

  // The caption, what the y axis shows and in which setting; the plot is as far below as they are
  // high.
  void add_headings() {
    double y = 6;
    for (std::string& line : wrap_to(chart_.caption, kWidth - 28, kCaptionSize, Weight::bold)) {
      y += kCaptionHeight;
      add_text({{14, y}, std::move(line), kCaptionSize, Anchor::start, Weight::bold, Ink::text});
    }
    std::string about = title_of(chart_.y);
    if (!chart_.setting.empty()) about += "; " + chart_.setting;
    y += 5;
    for (std::string& line : wrap_to(about, kWidth - 28, kLabelSize, Weight::regular)) {
      y += kLabelHeight;
      add_text(
          {{14, y}, std::move(line), kLabelSize, Anchor::start, Weight::regular, Ink::faint_text});
    }
    top_ = y + 20;
    bottom_ = top_ + kPlotHeight;
    add_text({{(kLeft + right_) / 2, bottom_ + 40},
              title_of(chart_.x),
              kLabelSize,
              Anchor::middle,
              Weight::regular,
              Ink::faint_text});
  }

  // A label that would touch the one before it is left out; its grid line stays.
  void add_ticks() {
    double free_from = 0;
    for (const Tick& tick : x_.ticks()) {
      const double x = kLeft + x_.share(tick.value) * (right_ - kLeft);
      shapes_.emplace_back(Line{{{x, top_}, {x, bottom_}}, Ink::grid});
      Text text{{x, bottom_ + 18}, tick.text,       kTickSize,
                Anchor::middle,    Weight::regular, Ink::text};
      const Rect bounds = bounds_of(text);
      if (bounds.x < free_from) continue;
      free_from = bounds.x + bounds.width + 6;
      add_text(std::move(text));
    }
    for (const Tick& tick : y_.ticks()) {
      const double y = bottom_ - y_.share(tick.value) * (bottom_ - top_);
      shapes_.emplace_back(Line{{{kLeft, y}, {right_, y}}, Ink::grid});
      add_text({{kLeft - 8, y + 4}, tick.text, kTickSize, Anchor::end, Weight::regular, Ink::text});
    }
    shapes_.emplace_back(Line{{{kLeft, bottom_}, {right_, bottom_}}, Ink::line});
  }

  void add_series(std::size_t index) {
    std::vector<Place> places;
    for (const ChartPoint& point : chart_.series[index].points) {
      if (x_.shows(point.x) && y_.shows(point.y)) places.push_back(place(point));
    }
    if (places.empty()) return;
    const Place end = places.back();
    const Ink ink = kSeriesInks.at(index % kSeriesInks.size());
    drawn_.insert(drawn_.end(), places.begin(), places.end());
    if (places.size() == 1) {
      shapes_.emplace_back(Circle{end, kMarkRadius, ink});
    } else {
      shapes_.emplace_back(Line{thinned(std::move(places)), ink});
    }
    labels_.push_back({end, end.y, index, label_lines(chart_.series[index])});
  }

  // Moves each label down until it is below the one above it; then moves those
  // beyond the chart's bottom back up, from the lowest one on.
  void spread_labels() {
    std::ranges::sort(labels_, {}, &Label::y);
    for (std::size_t i = 1; i < labels_.size(); ++i) {
      labels_[i].y = std::max(labels_[i].y, labels_[i - 1].y + labels_[i - 1].below());
    }
    double limit = bottom_ - 2 + kLabelHeight;
    for (std::size_t i = labels_.size(); i-- > 0;) {
      labels_[i].y = std::min(labels_[i].y, limit - labels_[i].below());
      limit = labels_[i].y;
    }
  }

  void add_labels() {
    spread_labels();
    for (Label& label : labels_) {
      const Ink ink = kSeriesInks.at(label.series % kSeriesInks.size());
      shapes_.emplace_back(Line{{label.end, {right_ + 6, label.end.y}}, Ink::dotted_line});
      shapes_.emplace_back(Line{{{right_ + 6, label.end.y}, {right_ + 14, label.y}}, ink});
      double y = label.y + 4 - kLabelHeight;
      for (std::string& line : label.lines) {
        y += kLabelHeight;
        add_text({{right_ + 18, y},
                  std::move(line),
                  kLabelSize,
                  Anchor::start,
                  Weight::bold,
                  Ink::text});
      }
    }
  }

  enum class Over { nothing, lines };

  // Whether a text would be inside the plot and on no other text or mark, nor on a line unless it
  // may be.
  [[nodiscard]] bool is_free(const Rect& bounds, Over over) const {
    const Rect plot{kLeft, top_, right_ - kLeft, bottom_ - top_};
    const bool inside = bounds.x > plot.x && bounds.x + bounds.width < right_ &&
                        bounds.y > plot.y && bounds.y + bounds.height < bottom_;
    const auto touches = [&](const Rect& other) { return overlap(bounds, other); };
    return inside && std::ranges::none_of(taken_, touches) &&
           (over == Over::lines || std::ranges::none_of(drawn_, [&](const Place& place) {
              return overlap(bounds, {place.x, place.y, 0.1, 0.1});
            }));
  }

  // The text next to its point; none where there is no room.
  [[nodiscard]] std::optional<Text> text_beside(const std::string& mark, Place at) const {
    Text text{at, mark, kTickSize, Anchor::start, Weight::bold, Ink::halo_text};
    for (const Over over : {Over::nothing, Over::lines}) {
      for (double away = 0; away < 200; away += kLabelHeight) {
        using Beside = std::tuple<double, double, Anchor>;
        for (const auto& [dx, dy, anchor] :
             {Beside{-8.0, -8.0 - away, Anchor::end}, Beside{8.0, 17.0 + away, Anchor::start},
              Beside{8.0, -8.0 - away, Anchor::start}, Beside{-8.0, 17.0 + away, Anchor::end}}) {
          text.at = {at.x + dx, at.y + dy};
          text.anchor = anchor;
          if (is_free(bounds_of(text), over)) return text;
        }
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool shows(const ChartMark& mark) const {
    return x_.shows(mark.at.x) && y_.shows(mark.at.y);
  }

  void add_mark(const ChartMark& mark) {
    if (!shows(mark)) return;
    const Place at = place(mark.at);
    shapes_.emplace_back(Line{{at, {at.x, bottom_}}, Ink::dotted_line});
    shapes_.emplace_back(Circle{at, kMarkRadius, Ink::mark});
    taken_.push_back({at.x - kMarkRadius, at.y - kMarkRadius, 2 * kMarkRadius, 2 * kMarkRadius});
  }

  void add_mark_text(const ChartMark& mark) {
    if (!shows(mark) || mark.text.empty()) return;
    if (std::optional<Text> text = text_beside(mark.text, place(mark.at))) {
      add_text(*std::move(text));
    }
  }

  const Chart chart_;
  double top_ = 0;
  double bottom_ = 0;
  double right_;
  ChartAxis x_;
  ChartAxis y_;
  std::vector<Shape> shapes_;
  std::vector<Rect> taken_;   // the places of the texts and marks so far
  std::vector<Place> drawn_;  // on the lines
  std::vector<Label> labels_;
};

}  // namespace

Drawing lay_out(const Chart& chart) {
  return ChartDrawer(chart).draw();
}

}  // namespace llmarch::reports
