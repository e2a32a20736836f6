// A picture as shapes with coordinates, in pixels from the top left, y downwards. Made by the
// layouts (diagram_layout.h, chart_layout.h); svg.h writes it and knows the look of each ink.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "reports/pictures/font_metrics.h"

namespace llmarch::reports {

// The meaning of a shape. Each has one colour on a light page and one on a dark page.
enum class Ink {
  text,
  faint_text,
  marked_text,  // text that differs, as if by a highlighter
  halo_text,    // with an outline, to be legible across lines
  line,
  faint_line,
  dotted_line,
  arrow,
  frame,
  choice,  // the frame around alternatives
  table,
  norm,
  attention,
  feed_forward,
  experts,
  addition,
  cache,
  inset,
  unlit,
  lit,
  grid,
  mark,
  series_1,
  series_2,
  series_3,
  series_4,
  series_5,
  series_6,
  series_7,
  series_8,
};

struct Place {
  double x = 0;
  double y = 0;
};

struct Rect {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  double radius = 0;
  Ink ink = Ink::frame;
};

struct Circle {
  Place centre = {};
  double radius = 0;
  Ink ink = Ink::addition;
};

// Straight lines from place to place.
struct Line {
  std::vector<Place> places = {};
  Ink ink = Ink::line;
};

// A filled area.
struct Polygon {
  std::vector<Place> places = {};
  Ink ink = Ink::arrow;
};

enum class Anchor { start, middle, end };

struct Text {
  Place at = {};  // on the baseline, at the anchor
  std::string text = {};
  double size = 11;
  Anchor anchor = Anchor::start;
  Weight weight = Weight::regular;
  Ink ink = Ink::text;
};

using Shape = std::variant<Rect, Circle, Line, Polygon, Text>;

struct Drawing {
  double width = 0;
  double height = 0;
  std::string title = {};  // read aloud by screen readers
  std::vector<Shape> shapes = {};
};

// The rectangle that a text takes up in its widest font: x, y, width, height.
Rect bounds_of(const Text& text);

// The drawings one below another, as wide as the widest.
Drawing stacked(const std::vector<Drawing>& drawings);

// `shape` moved by (x, y).
Shape moved(Shape shape, double x, double y);

}  // namespace llmarch::reports
