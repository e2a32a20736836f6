#include "reports/pictures/diagram_layout.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "reports/pictures/diagram_aside.h"

namespace llmarch::reports {
namespace {

constexpr double kPanelWidth = 400;
constexpr double kFrameLeft = 8;
constexpr double kFrameRight = 394;
constexpr double kResidual = 28;
constexpr double kBoxLeft = 52;
constexpr double kBoxWidth = 220;
constexpr double kMainLeft = 14;  // the left edge of boxes on the residual stream itself
constexpr double kAsideLeft = 286;
constexpr double kPad = 7;
constexpr double kTitleSize = 12.5;
constexpr double kTitleHeight = 16;
constexpr double kDetailSize = 11;
constexpr double kDetailHeight = 14;
constexpr double kPartGap = 4;
constexpr double kSumGap = 18;
constexpr double kChoicePad = 5;
constexpr double kForkRail = 14;  // beside a fork's blocks: the way in, and the way out
constexpr double kForkGap = 9;
constexpr double kArrow = 16;  // from box to box

Ink ink_of(BoxKind kind) {
  switch (kind) {
    case BoxKind::table: return Ink::table;
    case BoxKind::norm: return Ink::norm;
    case BoxKind::attention: return Ink::attention;
    case BoxKind::feed_forward: return Ink::feed_forward;
    case BoxKind::experts: return Ink::experts;
    case BoxKind::addition: return Ink::inset;
  }
  return Ink::inset;
}

bool is_sum(const DiagramPart& part) {
  return part.join == Join::sum;
}

// Whether the parts are different blocks of which each layer has one. Where they are forms of one
// block, only the first has a title.
bool is_fork(const DiagramBox& box) {
  const auto alternatives = std::ranges::count_if(box.parts, std::not_fn(is_sum));
  return alternatives > 1 && std::ranges::none_of(box.parts, [](const DiagramPart& part) {
           return part.title.text.empty();
         });
}

bool is_marked(const DiagramText& text) {
  return text.emphasis == Emphasis::differs;
}

// A place at which panels can be level with each other: the first item of its kind on the residual
// stream, the second dense part of a fork.
enum class Begins { box, branch, frame, fork_part, frame_end };
using Landmark = std::tuple<Begins, BoxKind, std::size_t>;
struct Level {
  Landmark at;
  double y;
};
using Lifts = std::map<Landmark, double>;

// A mixture of one model is level with the feed-forward of another.
BoxKind kind_of(const DiagramBox& box) {
  const BoxKind kind = box.parts.front().kind;
  return kind == BoxKind::experts ? BoxKind::feed_forward : kind;
}

// The block of a branch, without the norms around it.
BoxKind kind_of(const DiagramBranch& branch) {
  for (const DiagramBox& step : branch.steps) {
    if (kind_of(step) != BoxKind::norm) return kind_of(step);
  }
  return BoxKind::norm;
}

// How much higher each panel has to begin its parts, for those at one landmark to be level. Models
// with parts in another order may keep some that are not, so it ends after as many rounds as there
// are panels.
std::vector<Lifts> lifts_of(std::vector<std::vector<Level>> panels) {
  std::vector<Lifts> lifts(panels.size());
  std::vector<Landmark> landmarks;
  for (std::size_t round = 0; round < panels.size(); ++round) {
    for (const auto& panel : panels) {
      for (const Level& level : panel) landmarks.push_back(level.at);
    }
  }
  for (const Landmark& at : landmarks) {
    double highest = 0;
    for (const auto& panel : panels) {
      const auto found = std::ranges::find(panel, at, &Level::at);
      if (found != panel.end()) highest = std::min(highest, found->y);
    }
    for (std::size_t i = 0; i < panels.size(); ++i) {
      const auto found = std::ranges::find(panels[i], at, &Level::at);
      if (found == panels[i].end()) continue;
      const double lift = found->y - highest;
      lifts[i][at] += lift;
      for (auto level = found; level != panels[i].end(); ++level) level->y -= lift;
    }
  }
  return lifts;
}

// A part's text, broken into lines; their places are relative to the part's top left.
struct PartText {
  std::vector<Text> lines;
  double height = 0;
};

class PartTextWriter {
 public:
  explicit PartTextWriter(double width) : width_(width) {}

  PartText write(const DiagramPart& part) {
    if (!part.where.text.empty()) add(part.where, 10, 13, Weight::regular, Ink::faint_text);
    add(part.title, kTitleSize, kTitleHeight, Weight::bold, Ink::text);
    for (const DiagramText& detail : part.details) {
      add(detail, kDetailSize, kDetailHeight, Weight::regular, Ink::text);
    }
    return {std::move(lines_), y_ + kPad};
  }

 private:
  void add(const DiagramText& text, double size, double height, Weight weight, Ink ink) {
    if (is_marked(text)) {
      ink = Ink::marked_text;
      weight = Weight::bold;
    }
    for (std::string& line : wrap_to(text.text, width_ - 8, size, weight)) {
      y_ += height;
      lines_.push_back(
          {{width_ / 2, y_ - 0.2 * height}, std::move(line), size, Anchor::middle, weight, ink});
    }
  }

  double width_;
  double y_ = kPad - 2;
  std::vector<Text> lines_;
};

// Draws one panel from y = 0 upwards, since a panel begins with the tokens at the bottom and its
// height is only known at the end. So y is negative, and lay_out() moves the panel down.
class PanelDrawer {
 public:
  explicit PanelDrawer(Lifts lifts) : lifts_(std::move(lifts)) {}

  Drawing draw(const DiagramPanel& panel) {
    add_text("tokens", 0);
    y_ = -kDetailHeight;
    const double start = y_;
    for (const DiagramItem& item : panel.items) std::visit(*this, item);
    y_ -= kArrow;
    front_.emplace_back(arrow_up({kResidual, y_}));
    add_text("logits", y_ - 4);
    back_.emplace_back(Line{{{kResidual, start}, {kResidual, y_ + 5}}});
    back_.insert(back_.end(), front_.begin(), front_.end());
    return {.width = kPanelWidth, .height = 18 - y_, .shapes = std::move(back_)};
  }

  // Where the parts began, from the bottom upwards.
  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }

  // Draws a box on the residual stream itself.
  void operator()(const DiagramBox& box) {
    begin(Begins::box, kind_of(box));
    y_ -= kArrow;
    front_.emplace_back(arrow_up({kResidual, y_}));
    add_box(box, kMainLeft, kBoxLeft + kBoxWidth - kMainLeft);
  }

  void operator()(const DiagramBranch& branch) {
    const double middle = kBoxLeft + kBoxWidth / 2;
    begin(Begins::branch, kind_of(branch));
    y_ -= 10;
    front_.emplace_back(Line{{{kResidual, y_}, {middle, y_}, {middle, y_ - 8}}});
    for (const DiagramBox& step : branch.steps) {
      front_.emplace_back(Line{{{middle, y_}, {middle, y_ - kArrow + 5}}});
      y_ -= kArrow;
      front_.emplace_back(arrow_up({middle, y_}));
      add_box(step, kBoxLeft, kBoxWidth);
    }
    front_.emplace_back(Line{{{middle, y_}, {middle, y_ - 13}, {kResidual + 15, y_ - 13}}});
    y_ -= 13;
    front_.emplace_back(arrow_left({kResidual + 9, y_}));
    add_plus({kResidual, y_}, 9);
    y_ -= 14;
  }

  void operator()(const DiagramFrame& frame) {
    begin(Begins::frame, BoxKind::norm);
    y_ -= 12;
    const double bottom = y_;
    for (const FrameItem& item : frame.items) std::visit(*this, item);
    begin(Begins::frame_end, BoxKind::norm);
    y_ -= 20;
    const bool marked = is_marked(frame.repeat);
    back_.insert(back_.begin(),
                 Rect{kFrameLeft, y_, kFrameRight - kFrameLeft, bottom - y_, 10, Ink::frame});
    front_.emplace_back(Text{{kFrameRight - 10, y_ + 19},
                             frame.repeat.text,
                             14,
                             Anchor::end,
                             Weight::bold,
                             marked ? Ink::marked_text : Ink::text});
  }

 private:
  void begin(Begins what, BoxKind kind) {
    const std::size_t nth = begun_[{what, kind}]++;
    y_ -= lifts_[{what, kind, nth}];
    levels_.push_back({{what, kind, nth}, y_});
  }

  void add_text(const std::string& text, double baseline) {
    front_.emplace_back(
        Text{{kMainLeft, baseline}, text, kDetailSize, Anchor::start, Weight::regular, Ink::text});
  }

  void add_plus(Place at, double radius) {
    const double arm = radius * 5 / 9;
    front_.emplace_back(Circle{at, radius, Ink::addition});
    front_.emplace_back(Line{{{at.x - arm, at.y}, {at.x + arm, at.y}}});
    front_.emplace_back(Line{{{at.x, at.y - arm}, {at.x, at.y + arm}}});
  }

  // Stacks the parts with the first one on top, and leaves y_ at the box's top. Forms of one block
  // are in a dashed frame; where all parts are added up, the frame is solid.
  void add_box(const DiagramBox& box, double left, double width) {
    if (is_fork(box)) return add_fork(box, left, width);
    const bool several = box.parts.size() > 1;
    const bool choice = std::ranges::count_if(box.parts, std::not_fn(is_sum)) > 1;
    const double bottom = y_;
    if (several) y_ -= kChoicePad;
    add_parts(box, left, width, kPartGap);
    if (!several) return;
    y_ -= kChoicePad;
    front_.emplace_back(Rect{left - kChoicePad, y_, width + 2 * kChoicePad, bottom - y_, 8,
                             choice ? Ink::choice : Ink::faint_line});
  }

  // Without rails, blocks of which each layer has one would look like a sequence.
  void add_fork(const DiagramBox& box, double left, double width) {
    const double bottom = y_;
    y_ -= kForkGap + kChoicePad;
    const std::vector<double> heights =
        add_parts(box, left + kForkRail, width - 2 * kForkRail, kForkGap);
    y_ -= kForkGap + kChoicePad;
    add_rails(heights, left, width, bottom);
    front_.emplace_back(
        Rect{left - kChoicePad, y_, width + 2 * kChoicePad, bottom - y_, 8, Ink::choice});
  }

  // The way in goes up on the left from `bottom` and enters the block at each of the heights; the
  // way out comes from the blocks on the right and ends at y_.
  void add_rails(const std::vector<double>& heights, double left, double width, double bottom) {
    const double middle = left + width / 2;
    const double inner_left = left + kForkRail;
    const double inner_right = left + width - kForkRail;
    const double rail_in = left + kForkRail / 4;
    const double rail_out = left + width - kForkRail / 3;
    const double turn_in = bottom - kForkGap;
    const double turn_out = y_ + kForkGap;
    front_.emplace_back(
        Line{{{middle, bottom}, {middle, turn_in}, {rail_in, turn_in}, {rail_in, heights.back()}}});
    front_.emplace_back(Line{
        {{rail_out, heights.front()}, {rail_out, turn_out}, {middle, turn_out}, {middle, y_}}});
    for (const double height : heights) {
      front_.emplace_back(Line{{{rail_in, height}, {inner_left - 5, height}}});
      front_.emplace_back(arrow_right({inner_left, height}));
      front_.emplace_back(Line{{{inner_right, height}, {rail_out, height}}});
    }
  }

  // Returns the middle of each part's height, the lowest first.
  std::vector<double> add_parts(const DiagramBox& box, double left, double width, double gap) {
    std::vector<double> heights;
    for (auto part = box.parts.rbegin(); part != box.parts.rend(); ++part) {
      if (is_fork(box)) begin(Begins::fork_part, part->kind);
      const double bottom = y_;
      add_part(*part, left, width);
      heights.push_back((y_ + bottom) / 2);
      const bool summed = is_sum(*part);
      if (summed) add_plus({left + width / 2, y_ - kSumGap / 2}, 6);
      if (part + 1 != box.parts.rend()) y_ -= summed ? kSumGap : gap;
    }
    return heights;
  }

  void add_part(const DiagramPart& part, double left, double width) {
    PartText text = PartTextWriter(width).write(part);
    const Drawing aside = draw_aside(part.aside);
    const double height = std::max(text.height, aside.height);
    y_ -= height;
    front_.emplace_back(Rect{left, y_, width, height, 5, ink_of(part.kind)});
    for (Text& line : text.lines) {
      front_.push_back(moved(std::move(line), left, y_ + (height - text.height) / 2));
    }
    add_aside(aside, height);
  }

  void add_aside(const Drawing& aside, double height) {
    if (aside.shapes.empty()) return;
    const double top = y_ + (height - aside.height) / 2;
    constexpr double right = kBoxLeft + kBoxWidth;
    front_.emplace_back(
        Line{{{right, y_ + height / 2}, {kAsideLeft, y_ + height / 2}}, Ink::dotted_line});
    for (const Shape& shape : aside.shapes) front_.push_back(moved(shape, kAsideLeft, top));
  }

  Lifts lifts_;
  std::map<std::pair<Begins, BoxKind>, std::size_t> begun_;
  std::vector<Level> levels_;
  double y_ = 0;
  std::vector<Shape> back_;
  std::vector<Shape> front_;
};

// A panel's title and subtitle.
Drawing heading(const DiagramPanel& panel) {
  Drawing drawing{.width = kPanelWidth, .height = 24};
  drawing.shapes.emplace_back(
      Text{{kMainLeft, 24}, panel.title, 17, Anchor::start, Weight::bold, Ink::text});
  for (const DiagramText& text : panel.subtitle) {
    const Weight weight = is_marked(text) ? Weight::bold : Weight::regular;
    for (std::string& line :
         wrap_to(text.text, kPanelWidth - 2 * kMainLeft, kDetailSize + 0.5, weight)) {
      drawing.height += kDetailHeight + 1;
      drawing.shapes.emplace_back(Text{{kMainLeft, drawing.height},
                                       std::move(line),
                                       kDetailSize + 0.5,
                                       Anchor::start,
                                       weight,
                                       is_marked(text) ? Ink::marked_text : Ink::faint_text});
    }
  }
  drawing.height += 10;
  return drawing;
}

}  // namespace

Drawing lay_out(const Diagram& diagram) {
  Drawing whole{.title = diagram.caption};
  std::vector<Drawing> headings;
  std::vector<Drawing> stacks;
  std::vector<std::vector<Level>> levels;
  double top = 0;
  double tallest = 0;
  for (const DiagramPanel& panel : diagram.panels) {
    PanelDrawer drawer({});
    drawer.draw(panel);
    levels.push_back(drawer.levels());
  }
  const std::vector<Lifts> lifts = lifts_of(std::move(levels));
  for (std::size_t i = 0; i < diagram.panels.size(); ++i) {
    headings.push_back(heading(diagram.panels[i]));
    stacks.push_back(PanelDrawer(lifts[i]).draw(diagram.panels[i]));
    top = std::max(top, headings.back().height);
    tallest = std::max(tallest, stacks.back().height);
  }
  const double baseline = top + tallest;
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    const double left = kPanelWidth * static_cast<double>(i);
    for (const Shape& shape : headings[i].shapes) whole.shapes.push_back(moved(shape, left, 0));
    for (const Shape& shape : stacks[i].shapes)
      whole.shapes.push_back(moved(shape, left, baseline));
  }
  whole.width = kPanelWidth * static_cast<double>(stacks.size());
  whole.height = baseline + 14;
  if (diagram.legend.text.empty()) return whole;
  whole.height += 24;
  whole.shapes.emplace_back(Text{{kMainLeft, whole.height - 12},
                                 diagram.legend.text,
                                 kDetailSize,
                                 Anchor::start,
                                 Weight::regular,
                                 is_marked(diagram.legend) ? Ink::marked_text : Ink::faint_text});
  return whole;
}

}  // namespace llmarch::reports
