#include "reports/pictures/drawing.h"

#include <algorithm>

namespace llmarch::reports {
namespace {

constexpr double kGap = 24;

void move(Place& place, double x, double y) {
  place.x += x;
  place.y += y;
}

struct Mover {
  void operator()(Rect& rect) const {
    rect.x += x;
    rect.y += y;
  }
  void operator()(Circle& circle) const { move(circle.centre, x, y); }
  void operator()(Line& line) const {
    for (Place& place : line.places) move(place, x, y);
  }
  void operator()(Polygon& polygon) const {
    for (Place& place : polygon.places) move(place, x, y);
  }
  void operator()(Text& text) const { move(text.at, x, y); }
  double x;
  double y;
};

}  // namespace

Rect bounds_of(const Text& text) {
  const Weight weight = text.ink == Ink::marked_text ? Weight::bold : text.weight;
  const double width = text_width(text.text, text.size, weight);
  double left = text.at.x;
  if (text.anchor == Anchor::middle) left -= width / 2;
  if (text.anchor == Anchor::end) left -= width;
  return {left, text.at.y - 0.8 * text.size, width, text.size};
}

Shape moved(Shape shape, double x, double y) {
  std::visit(Mover{x, y}, shape);
  return shape;
}

Drawing stacked(const std::vector<Drawing>& drawings) {
  Drawing all;
  for (const Drawing& drawing : drawings) {
    if (all.height > 0) all.height += kGap;
    if (all.title.empty()) all.title = drawing.title;
    for (const Shape& shape : drawing.shapes) all.shapes.push_back(moved(shape, 0, all.height));
    all.height += drawing.height;
    all.width = std::max(all.width, drawing.width);
  }
  return all;
}

}  // namespace llmarch::reports
