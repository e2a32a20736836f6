#include "reports/pictures/chart_layout.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "reports/document/chart_axis.h"

namespace llmarch::reports {
namespace {

constexpr double kWidth = 800;
constexpr double kHeight = 440;
constexpr double kLeft = 84;
constexpr double kTop = 66;
constexpr double kBottom = kHeight - 52;
constexpr double kTickSize = 11;
constexpr double kLabelSize = 12;
constexpr double kLabelHeight = 15;
constexpr double kWidestLabel = 230;
constexpr double kMarkRadius = 4.5;
constexpr std::size_t kMostTicks = 9;
constexpr std::size_t kMostPoints = 1200;  // of a line; more than it has pixels

constexpr std::array kSeriesInks{Ink::series_1, Ink::series_2, Ink::series_3, Ink::series_4,
                                 Ink::series_5, Ink::series_6, Ink::series_7};

double label_margin(const Chart& chart) {
  double widest = 0;
  for (const Series& series : chart.series) {
    widest = std::max(widest, text_width(series.label, kLabelSize, Weight::bold));
  }
  return std::min(widest, kWidestLabel) + 26;
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
      : chart_(chart),
        right_(kWidth - label_margin(chart)),
        x_(chart.x, xs_of(chart), kMostTicks),
        y_(chart.y, ys_of(chart), kMostTicks) {}

  Drawing draw() {
    add_headings();
    add_ticks();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) add_series(i);
    add_labels();
    for (const ChartMark& mark : chart_.marks) add_mark(mark);
    return {kWidth, kHeight, chart_.caption, std::move(shapes_)};
  }

 private:
  struct Label {
    Place end;
    double y;
    std::size_t series;
  };

  void add_text(Text text) {
    taken_.push_back(bounds_of(text));
    shapes_.emplace_back(std::move(text));
  }

  [[nodiscard]] Place place(const ChartPoint& point) const {
    return {kLeft + x_.share(point.x) * (right_ - kLeft),
            kBottom - y_.share(point.y) * (kBottom - kTop)};
  }

  void add_headings() {
    add_text({{14, 26}, chart_.caption, 15, Anchor::start, Weight::bold, Ink::text});
    add_text(
        {{14, 46}, chart_.y.label, kLabelSize, Anchor::start, Weight::regular, Ink::faint_text});
    add_text({{(kLeft + right_) / 2, kHeight - 12},
              chart_.x.label,
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
      shapes_.emplace_back(Line{{{x, kTop}, {x, kBottom}}, Ink::grid});
      Text text{{x, kBottom + 18}, tick.text,       kTickSize,
                Anchor::middle,    Weight::regular, Ink::text};
      const Rect bounds = bounds_of(text);
      if (bounds.x < free_from) continue;
      free_from = bounds.x + bounds.width + 6;
      add_text(std::move(text));
    }
    for (const Tick& tick : y_.ticks()) {
      const double y = kBottom - y_.share(tick.value) * (kBottom - kTop);
      shapes_.emplace_back(Line{{{kLeft, y}, {right_, y}}, Ink::grid});
      add_text({{kLeft - 8, y + 4}, tick.text, kTickSize, Anchor::end, Weight::regular, Ink::text});
    }
    shapes_.emplace_back(Line{{{kLeft, kBottom}, {right_, kBottom}}, Ink::line});
  }

  void add_series(std::size_t index) {
    std::vector<Place> places;
    for (const ChartPoint& point : chart_.series[index].points) {
      if (x_.shows(point.x) && y_.shows(point.y)) places.push_back(place(point));
    }
    if (places.empty()) return;
    const Place end = places.back();
    const Ink ink = kSeriesInks.at(index % kSeriesInks.size());
    if (places.size() == 1) {
      shapes_.emplace_back(Circle{end, kMarkRadius, ink});
    } else {
      shapes_.emplace_back(Line{thinned(std::move(places)), ink});
    }
    labels_.push_back({end, end.y, index});
  }

  // Moves each label down until it is a line's height below the one above it; then moves those
  // beyond the chart's bottom back up, from the lowest one on.
  void spread_labels() {
    std::ranges::sort(labels_, {}, &Label::y);
    for (std::size_t i = 1; i < labels_.size(); ++i) {
      labels_[i].y = std::max(labels_[i].y, labels_[i - 1].y + kLabelHeight);
    }
    double limit = kBottom - 2;
    for (std::size_t i = labels_.size(); i-- > 0;) {
      labels_[i].y = std::min(labels_[i].y, limit);
      limit = labels_[i].y - kLabelHeight;
    }
  }

  void add_labels() {
    spread_labels();
    for (const Label& label : labels_) {
      const Ink ink = kSeriesInks.at(label.series % kSeriesInks.size());
      shapes_.emplace_back(Line{{label.end, {right_ + 6, label.end.y}}, Ink::dotted_line});
      shapes_.emplace_back(Line{{{right_ + 6, label.end.y}, {right_ + 14, label.y}}, ink});
      add_text({{right_ + 18, label.y + 4},
                chart_.series[label.series].label,
                kLabelSize,
                Anchor::start,
                Weight::bold,
                Ink::text});
    }
  }

  // Places the text next to its point, where it overlaps no other text.
  [[nodiscard]] Text mark_text(const ChartMark& mark, Place at) const {
    Text text{at, mark.text, kTickSize, Anchor::start, Weight::bold, Ink::halo_text};
    for (double away = 0; away < 200; away += kLabelHeight) {
      using Beside = std::tuple<double, double, Anchor>;
      for (const auto& [dx, dy, anchor] :
           {Beside{-8.0, -8.0 - away, Anchor::end}, Beside{8.0, 17.0 + away, Anchor::start},
            Beside{8.0, -8.0 - away, Anchor::start}, Beside{-8.0, 17.0 + away, Anchor::end}}) {
        text.at = {at.x + dx, at.y + dy};
        text.anchor = anchor;
        const Rect bounds = bounds_of(text);
        const bool inside = bounds.x > kLeft && bounds.x + bounds.width < right_ &&
                            bounds.y > kTop && bounds.y + bounds.height < kBottom;
        const bool free =
            std::ranges::none_of(taken_, [&](const Rect& other) { return overlap(bounds, other); });
        if (inside && free) return text;
      }
    }
    return text;
  }

  void add_mark(const ChartMark& mark) {
    if (!x_.shows(mark.at.x) || !y_.shows(mark.at.y)) return;
    const Place at = place(mark.at);
    shapes_.emplace_back(Line{{at, {at.x, kBottom}}, Ink::dotted_line});
    shapes_.emplace_back(Circle{at, kMarkRadius, Ink::mark});
    if (!mark.text.empty()) add_text(mark_text(mark, at));
  }

  const Chart& chart_;
  double right_;
  ChartAxis x_;
  ChartAxis y_;
  std::vector<Shape> shapes_;
  std::vector<Rect> taken_;  // the places of the texts so far
  std::vector<Label> labels_;
};

}  // namespace

Drawing lay_out(const Chart& chart) {
  return ChartDrawer(chart).draw();
}

}  // namespace llmarch::reports
