// A picture as shapes at their places, in pixels from the top left, y downwards: what layouts
// (diagram_layout.h, chart_layout.h) hand to svg.h. What an ink looks like is svg.h's.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "reports/pictures/font_metrics.h"

namespace llmarch::reports {

// What a shape is drawn as; one colour each, in light and in dark.
enum class Ink {
  text,
  faint_text,
  marked_text,  // differs: bold on a marker's stroke
  halo_text,    // readable across lines
  line,
  faint_line,
  dotted_line,
  arrow,
  frame,
  choice,  // around alternatives
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
  marked_box,  // around a box that differs
  grid,
  mark,
  series_1,
  series_2,
  series_3,
  series_4,
  series_5,
  series_6,
  series_7,
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

// Straight from place to place.
struct Line {
  std::vector<Place> places = {};
  Ink ink = Ink::line;
};

// Filled.
struct Polygon {
  std::vector<Place> places = {};
  Ink ink = Ink::arrow;
};

enum class Anchor { start, middle, end };

struct Text {
  Place at = {};  // of the baseline
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
  std::string title = {};  // for readers that do not see
  std::vector<Shape> shapes = {};
};

// The place a text takes, from its widest font: x, y, width, height.
Rect bounds_of(const Text& text);

// `drawings` one below the other, as wide as the widest.
Drawing stacked(const std::vector<Drawing>& drawings);

// `shape` moved by (x, y).
Shape moved(Shape shape, double x, double y);

}  // namespace llmarch::reports
