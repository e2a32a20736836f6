#include "reports/pictures/figure_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>

#include "reports/document/format.h"
#include "reports/pictures/diagram_aside.h"

namespace llmarch::reports {
namespace {

constexpr double kNarrow = 400;
constexpr double kWide = 800;
constexpr double kEdge = 14;
constexpr double kSize = 11;

// Adds lines of text below each other, from `y` on; returns the last baseline.
double add_lines(Drawing& drawing, std::string_view text, Place at, double width, double size,
                 Weight weight = Weight::regular, Ink ink = Ink::text) {
  for (std::string& line : wrap_to(text, width, size, weight)) {
    at.y += size + 4;
    drawing.shapes.emplace_back(Text{at, std::move(line), size, Anchor::start, weight, ink});
  }
  return at.y;
}

// Rows of values, keys and queries: a head of keys and of values is as wide as the query heads that
// it serves. Where they are too many, the first groups are drawn.
Drawing draw(const HeadsFigure& heads) {
  constexpr double kAfterWord = 72;
  constexpr double kArea = kNarrow - kAfterWord - 40;
  constexpr std::int64_t kMost = 32;
  const std::int64_t served = heads.query_heads / heads.kv_heads;
  const std::int64_t queries = std::min(served, kMost);
  const std::int64_t groups = std::min(heads.kv_heads, std::max<std::int64_t>(1, kMost / served));
  const double pitch = std::min(26.0, kArea / static_cast<double>(groups * queries));
  const double group = pitch * static_cast<double>(queries);
  Drawing drawing{.width = kNarrow, .height = 118};
  for (const auto& [word, y] : {std::pair{"values", 0.0}, {"keys", 28.0}, {"queries", 92.0}}) {
    drawing.shapes.emplace_back(
        Text{{kEdge, y + 14}, word, kSize, Anchor::start, Weight::regular, Ink::text});
  }
  for (std::int64_t i = 0; i < groups; ++i) {
    const double left = kAfterWord + group * static_cast<double>(i);
    for (const double y : {0.0, 28.0}) {
      drawing.shapes.emplace_back(Rect{left, y, group - 3, 20, 3, Ink::cache});
    }
    for (std::int64_t q = 0; q < queries; ++q) {
      const double x = left + pitch * static_cast<double>(q);
      const double middle = x + (pitch - 3) / 2;
      drawing.shapes.emplace_back(Line{{{middle, 92}, {middle, 48}}, Ink::faint_line});
      drawing.shapes.emplace_back(Rect{x, 92, pitch - 3, 20, 2, Ink::attention});
    }
  }
  if (groups < heads.kv_heads || queries < served) {
    const double x = kAfterWord + group * static_cast<double>(groups) + 4;
    drawing.shapes.emplace_back(
        Text{{x, 106}, "…", 14, Anchor::start, Weight::bold, Ink::faint_text});
  }
  return drawing;
}

struct FlowBox {
  std::string_view text;
  double left, right, top;
  Ink ink;
};
constexpr double kFlowHeight = 46;

double middle_of(const FlowBox& box) {
  return (box.left + box.right) / 2;
}

// A line for what it is, and below it its sizes.
void add_box(Drawing& drawing, const FlowBox& box) {
  const double width = box.right - box.left;
  std::vector<std::string> lines;
  std::istringstream parts{std::string(box.text)};
  for (std::string part; std::getline(parts, part);) {
    std::ranges::move(wrap_to(part, width - 6, kSize, Weight::regular), std::back_inserter(lines));
  }
  drawing.shapes.emplace_back(Rect{box.left, box.top, width, kFlowHeight, 5, box.ink});
  const double high = 14 * static_cast<double>(lines.size());
  double y = box.top + (kFlowHeight - high) / 2 - 3;
  for (std::string& line : lines) {
    y += 14;
    drawing.shapes.emplace_back(Text{
        {middle_of(box), y}, std::move(line), kSize, Anchor::middle, Weight::regular, Ink::text});
  }
}

// Straight up from the top of one box to the bottom of another, at the middle of the narrower.
void add_way(Drawing& drawing, const FlowBox& from, const FlowBox& to) {
  const bool narrower = from.right - from.left < to.right - to.left;
  const double x = middle_of(narrower ? from : to);
  const double tip = to.top + kFlowHeight;
  drawing.shapes.emplace_back(Line{{{x, from.top}, {x, tip + 5}}});
  drawing.shapes.emplace_back(arrow_up({x, tip}));
}

// From the input at the bottom to the output; what is cached has the colour of a cache.
Drawing draw(const LatentFigure& latent) {
  constexpr double kStep = 70;
  const FlowBox output{latent.output, kEdge, 386, 0, Ink::table};
  const FlowBox attention{latent.attention, kEdge, 386, kStep, Ink::attention};
  const FlowBox queries{latent.queries, kEdge, 120, 2 * kStep, Ink::inset};
  const FlowBox keys{latent.keys, 128, 210, 2 * kStep, Ink::inset};
  const FlowBox values{latent.values, 218, 300, 2 * kStep, Ink::inset};
  const FlowBox query_latent{latent.query_latent, kEdge, 120, 3 * kStep, Ink::inset};
  const FlowBox kv_latent{latent.kv_latent, 128, 300, 3 * kStep, Ink::cache};
  const FlowBox shared_key{latent.shared_key, 308, 386, 3 * kStep, Ink::cache};
  const FlowBox input{latent.input, kEdge, 386, 4 * kStep, Ink::table};
  Drawing drawing{.width = kNarrow, .height = 4 * kStep + kFlowHeight + 4};
  const bool compressed = !latent.query_latent.empty();
  for (const FlowBox* box :
       {&output, &attention, &queries, &keys, &values, &kv_latent, &shared_key, &input}) {
    add_box(drawing, *box);
  }
  if (compressed) add_box(drawing, query_latent);
  const FlowBox& before_queries = compressed ? query_latent : input;
  for (const auto& [from, to] : {std::pair{&before_queries, &queries},
                                 {&input, compressed ? &query_latent : &kv_latent},
                                 {&input, &kv_latent},
                                 {&input, &shared_key},
                                 {&kv_latent, &keys},
                                 {&kv_latent, &values},
                                 {&queries, &attention},
                                 {&keys, &attention},
                                 {&values, &attention},
                                 {&shared_key, &attention},
                                 {&attention, &output}}) {
    add_way(drawing, *from, *to);
  }
  return drawing;
}

Ink ink_of(Attended attended) {
  switch (attended) {
    case Attended::no: return Ink::inset;
    case Attended::yes: return Ink::lit;
    case Attended::entry: return Ink::unlit;
    case Attended::sink: return Ink::norm;
  }
  return Ink::inset;
}

// A row for each query, with a gap after the column of sinks.
Drawing draw(const MaskFigure& mask) {
  constexpr double kPitch = 10;
  constexpr double kAfterWord = 72;
  Drawing drawing{.width = kNarrow, .height = 20 + kPitch * static_cast<double>(mask.rows.size())};
  drawing.shapes.emplace_back(
      Text{{kEdge, 28}, "queries", kSize, Anchor::start, Weight::regular, Ink::text});
  drawing.shapes.emplace_back(Text{{kAfterWord, 11},
                                   "keys, the oldest first",
                                   kSize,
                                   Anchor::start,
                                   Weight::regular,
                                   Ink::text});
  for (std::size_t row = 0; row < mask.rows.size(); ++row) {
    double x = kAfterWord;
    for (const Attended attended : mask.rows[row]) {
      drawing.shapes.emplace_back(Rect{x, 18 + kPitch * static_cast<double>(row), kPitch - 1.5,
                                       kPitch - 1.5, 1, ink_of(attended)});
      x += attended == Attended::sink ? kPitch + 6 : kPitch;
    }
  }
  return drawing;
}

constexpr std::array kKindInks{Ink::attention, Ink::lit,   Ink::cache, Ink::feed_forward,
                               Ink::norm,      Ink::unlit, Ink::table, Ink::experts,
                               Ink::inset,     Ink::arrow, Ink::frame};

Ink ink_of_kind(std::size_t kind) {
  return kKindInks.at(kind % kKindInks.size());
}

// A strip of the layers from the first on the left, and what each colour means.
Drawing draw(const LayersFigure& layers) {
  const auto count = static_cast<double>(layers.layers.size());
  const double pitch = std::min(16.0, (kWide - 2 * kEdge) / count);
  Drawing drawing{.width = kWide};
  for (std::size_t i = 0; i < layers.layers.size(); ++i) {
    const double x = kEdge + pitch * static_cast<double>(i);
    drawing.shapes.emplace_back(Rect{x, 2, pitch - 1.5, 26, 2, ink_of_kind(layers.layers[i])});
    if (i != 0 && (i + 1) % 10 != 0) continue;
    drawing.shapes.emplace_back(
        Text{{x, 42}, std::to_string(i + 1), 10, Anchor::start, Weight::regular, Ink::faint_text});
  }
  double y = 46;
  for (std::size_t kind = 0; kind < layers.kinds.size(); ++kind) {
    drawing.shapes.emplace_back(Rect{kEdge, y + 6, 11, 11, 2, ink_of_kind(kind)});
    y = add_lines(drawing, layers.kinds[kind], {kEdge + 20, y + 1}, kWide - 2 * kEdge - 20, kSize);
    y += 3;
  }
  drawing.height = y + 4;
  return drawing;
}

// Labels on the left, figures on the right of their bars.
Drawing draw(const BarsFigure& bars) {
  constexpr double kBar = 16;
  constexpr double kBetween = 12;
  double label = 0;
  double figure = 0;
  double most = 0;
  for (const Bar& bar : bars.bars) {
    label = std::max(label, text_width(bar.label, kSize, Weight::regular));
    figure = std::max(figure, text_width(bar.text, kSize, Weight::regular));
    most = std::max(most, bar.value);
  }
  const double left = kEdge + std::min(label, 240.0) + 10;
  const double longest = kWide - kEdge - left - figure - 10;
  Drawing drawing{.width = kWide};
  double y = 0;
  for (const Bar& bar : bars.bars) {
    const double below = add_lines(drawing, bar.label, {kEdge, y - 3}, 240, kSize);
    const double length = most > 0 ? longest * bar.value / most : 0;
    drawing.shapes.emplace_back(Rect{left, y, length, kBar, 0, Ink::unlit});
    if (bar.part > 0) {
      drawing.shapes.emplace_back(Rect{left, y, longest * bar.part / most, kBar, 0, Ink::lit});
    }
    drawing.shapes.emplace_back(Text{
        {left + length + 8, y + 12}, bar.text, kSize, Anchor::start, Weight::regular, Ink::text});
    y = std::max(below, y + kBar) + kBetween;
  }
  drawing.height = y;
  return drawing;
}

Drawing draw(const FigurePanel& panel) {
  Drawing body = std::visit([](const auto& kind) { return draw(kind); }, panel.body);
  Drawing drawing{.width = body.width};
  const double room = body.width - 2 * kEdge;
  double y = add_lines(drawing, panel.title, {kEdge, 0}, room, 14, Weight::bold);
  for (const std::string& detail : panel.details) {
    y = add_lines(drawing, detail, {kEdge, y}, room, kSize, Weight::regular, Ink::faint_text);
  }
  y += 10;
  for (Shape& shape : body.shapes) drawing.shapes.push_back(moved(std::move(shape), 0, y));
  drawing.height = y + body.height + 16;
  return drawing;
}

}  // namespace

Drawing lay_out(const Figure& figure) {
  Drawing whole{.title = figure.caption};
  std::vector<Drawing> panels;
  for (const FigurePanel& panel : figure.panels) panels.push_back(draw(panel));
  whole.width = panels.size() == 1 ? panels.front().width : kWide;
  double top =
      add_lines(whole, figure.caption, {kEdge, 6}, whole.width - 2 * kEdge, 15, Weight::bold) + 8;
  double left = 0;
  double row = 0;
  for (Drawing& panel : panels) {
    if (left + panel.width > whole.width) {
      top += row;
      left = row = 0;
    }
    for (Shape& shape : panel.shapes) whole.shapes.push_back(moved(std::move(shape), left, top));
    left += panel.width;
    row = std::max(row, panel.height);
  }
  whole.height = top + row;
  return whole;
}

}  // namespace llmarch::reports
