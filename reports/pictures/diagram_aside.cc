#include "reports/pictures/diagram_aside.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/document/format.h"
#include "reports/pictures/font_metrics.h"

namespace llmarch::reports {
namespace {

constexpr double kMiddle = kAsideWidth / 2;
constexpr double kSmall = 10;  // the size of its text
constexpr double kLineHeight = 13;
constexpr std::int64_t kMostDots = 1024;

Text small(std::string text, double x, double y, Ink ink = Ink::text,
           Weight weight = Weight::regular) {
  return {{x, y}, std::move(text), kSmall, Anchor::middle, weight, ink};
}

// A drum: lines between two lids.
Drawing drum(const CacheAside& cache) {
  constexpr double lid = 6;
  Drawing drawing{.width = kAsideWidth};
  std::vector<std::pair<std::string, Ink>> lines;
  for (const DiagramText& detail : cache.lines) {
    const bool differs = detail.emphasis == Emphasis::differs;
    const Weight weight = differs ? Weight::bold : Weight::regular;
    for (std::string& line : wrap_to(detail.text, kAsideWidth - 8, kSmall, weight)) {
      lines.emplace_back(std::move(line), differs ? Ink::marked_text : Ink::text);
    }
  }
  drawing.height = 2 * lid + kLineHeight * static_cast<double>(lines.size() + 1) + 8;
  drawing.shapes.emplace_back(Rect{0, 0, kAsideWidth, drawing.height, lid, Ink::cache});
  drawing.shapes.emplace_back(Line{{{0, lid}, {kAsideWidth, lid}}, Ink::faint_line});
  double y = lid + kLineHeight + 1;
  drawing.shapes.emplace_back(small("cache", kMiddle, y, Ink::text, Weight::bold));
  for (auto& [text, ink] : lines)
    drawing.shapes.emplace_back(small(text, kMiddle, y += kLineHeight, ink));
  return drawing;
}

// A small box with a word, centred at x, its top at y.
void add_step(Drawing& drawing, const std::string& word, double x, double y, double width) {
  drawing.shapes.emplace_back(Rect{x - width / 2, y, width, 17, 3, Ink::inset});
  drawing.shapes.emplace_back(small(word, x, y + 12));
}

void add_stem(Drawing& drawing, Place from, Place to) {
  drawing.shapes.emplace_back(Line{{from, to}, Ink::faint_line});
}

void add_product(Drawing& drawing, double x, double y) {
  drawing.shapes.emplace_back(Circle{{x, y}, 6, Ink::inset});
  drawing.shapes.emplace_back(Line{{{x - 3, y - 3}, {x + 3, y + 3}}, Ink::faint_line});
  drawing.shapes.emplace_back(Line{{{x - 3, y + 3}, {x + 3, y - 3}}, Ink::faint_line});
}

Drawing one_path(const PathsAside& paths) {
  Drawing drawing{.width = kAsideWidth, .height = 90};
  add_stem(drawing, {kMiddle, 90}, {kMiddle, 0});
  add_step(drawing, "down", kMiddle, 6, 48);
  add_step(drawing, paths.activation, kMiddle, 36, 60);
  add_step(drawing, "up", kMiddle, 66, 48);
  return drawing;
}

Drawing gated_paths(const PathsAside& paths) {
  constexpr double gate = 26;
  constexpr double up = 78;
  constexpr double usual_width = 50;  // of the activation's box, which grows to the right
  Drawing drawing{.width = kAsideWidth, .height = 108};
  drawing.shapes.emplace_back(
      Line{{{gate, 84}, {gate, 100}, {up, 100}, {up, 38}, {kMiddle, 38}, {gate, 38}, {gate, 84}},
           Ink::faint_line});
  add_stem(drawing, {kMiddle, 108}, {kMiddle, 100});
  add_stem(drawing, {kMiddle, 38}, {kMiddle, 0});
  add_step(drawing, "down", kMiddle, 6, 48);
  add_product(drawing, kMiddle, 38);
  const double width =
      std::max(usual_width, text_width(paths.activation, kSmall, Weight::regular) + 1);
  add_step(drawing, paths.activation, gate + (width - usual_width) / 2, 50, width);
  add_step(drawing, "gate", gate, 76, 44);
  add_step(drawing, "up", up, 76, 38);
  return drawing;
}

// Each token chooses other experts, so the chosen ones are scattered: one in each of as many
// stretches of the field, at a place in it that steps by the golden ratio.
bool is_chosen(std::int64_t expert, const ExpertsAside& aside) {
  const std::int64_t chosen = std::min(aside.chosen, aside.experts);
  for (std::int64_t i = 0; i < chosen; ++i) {
    const double place = std::fmod(0.3 + 0.618034 * static_cast<double>(i), 1);
    const double stretch = static_cast<double>(aside.experts) / static_cast<double>(chosen);
    if (expert == static_cast<std::int64_t>(stretch * (static_cast<double>(i) + place)))
      return true;
  }
  return false;
}

// A dot for each expert, its top at y; returns how high it is.
double add_field(Drawing& drawing, const ExpertsAside& aside, double middle, double y) {
  if (aside.experts > kMostDots) return 0;
  const bool many = aside.experts > 128;
  const std::int64_t columns = many ? 24 : std::min<std::int64_t>(16, aside.experts);
  const double pitch = many ? 3.5 : 5.25;
  const double left = middle - pitch * static_cast<double>(columns) / 2;
  for (std::int64_t i = 0; i < aside.experts; ++i) {
    const std::int64_t row = i / columns;
    drawing.shapes.emplace_back(Rect{left + pitch * static_cast<double>(i % columns),
                                     y + pitch * static_cast<double>(row), pitch - 1, pitch - 1, 0,
                                     is_chosen(i, aside) ? Ink::lit : Ink::unlit});
  }
  const std::int64_t rows = (aside.experts + columns - 1) / columns;
  return pitch * static_cast<double>(rows);
}

void add_sum(Drawing& drawing, double x, double y) {
  drawing.shapes.emplace_back(Circle{{x, y}, 6, Ink::inset});
  drawing.shapes.emplace_back(Line{{{x - 4, y}, {x + 4, y}}, Ink::faint_line});
  drawing.shapes.emplace_back(Line{{{x, y - 4}, {x, y + 4}}, Ink::faint_line});
}

// A mixture from inside: the router, the experts that it chooses from, the shared expert on its way
// around them, and the sum.
Drawing expert_field(const ExpertsAside& aside) {
  constexpr double sum = 12;
  constexpr double around = 96;  // the way of the shared expert
  const bool shared = aside.shared == ExpertsAside::Shared::yes;
  const double routed = shared ? 44 : kMiddle;  // the middle of router and experts
  Drawing drawing{.width = kAsideWidth};
  const double below = 26 + add_field(drawing, aside, routed, 26);
  const std::string heading = fmt::format("{} of {}", aside.chosen, grouped(aside.experts));
  drawing.shapes.emplace_back(small(heading, routed, below + 11));
  const double router = below + 22;
  const double split = router + 24;
  add_stem(drawing, {routed, 24}, {routed, sum});
  add_stem(drawing, {routed, router}, {routed, router - 7});
  add_stem(drawing, {routed, split}, {routed, router + 17});
  add_step(drawing, "router", shared ? 25 : routed, router, 46);
  if (shared) {
    drawing.shapes.emplace_back(Line{{{routed, split},
                                      {76, split},
                                      {76, router - 5},
                                      {around, router - 5},
                                      {around, sum},
                                      {routed, sum}},
                                     Ink::faint_line});
    add_step(drawing, "shared", 76, router, 46);
  }
  add_sum(drawing, routed, sum);
  add_stem(drawing, {routed, sum - 6}, {routed, 0});
  drawing.height = split + 8;
  add_stem(drawing, {routed, drawing.height}, {routed, split});
  return drawing;
}

struct AsideDrawer {
  Drawing operator()(const NoAside&) const { return {}; }
  Drawing operator()(const CacheAside& cache) const { return drum(cache); }
  Drawing operator()(const PathsAside& paths) const {
    return paths.paths == PathsAside::Paths::gated ? gated_paths(paths) : one_path(paths);
  }
  Drawing operator()(const ExpertsAside& experts) const { return expert_field(experts); }
};

}  // namespace

Drawing draw_aside(const Aside& aside) {
  return std::visit(AsideDrawer{}, aside);
}

Shape arrow_up(Place tip) {
  return Polygon{{tip, {tip.x - 4, tip.y + 7}, {tip.x + 4, tip.y + 7}}};
}

Shape arrow_left(Place tip) {
  return Polygon{{tip, {tip.x + 7, tip.y - 4}, {tip.x + 7, tip.y + 4}}};
}

Shape arrow_right(Place tip) {
  return Polygon{{tip, {tip.x - 7, tip.y - 4}, {tip.x - 7, tip.y + 4}}};
}

}  // namespace llmarch::reports
