// What is wrong with the places of a drawing's shapes, judged by the widths of the widest font.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reports/pictures/drawing.h"

namespace llmarch::reports {

inline bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

inline bool holds(const Rect& outer, const Rect& inner) {
  return outer.x <= inner.x && inner.x + inner.width <= outer.x + outer.width &&
         outer.y <= inner.y && inner.y + inner.height <= outer.y + outer.height;
}

template <class Alternative>
std::vector<Alternative> shapes_of(const Drawing& drawing) {
  std::vector<Alternative> found;
  for (const Shape& shape : drawing.shapes) {
    if (const auto* alternative = std::get_if<Alternative>(&shape)) found.push_back(*alternative);
  }
  return found;
}

// The size of the smallest text where the picture is 800 pixels wide or, if it is narrower, as wide
// as it is.
inline double smallest_text(const Drawing& drawing) {
  double smallest = 1'000;
  for (const Text& text : shapes_of<Text>(drawing)) smallest = std::min(smallest, text.size);
  return smallest * std::min(1.0, 800 / drawing.width);
}

// Texts on texts, over the edge of the picture, or across the edge of a box; boxes across the edge
// of a box.
inline std::vector<std::string> collisions(const Drawing& drawing) {
  std::vector<std::string> found;
  const auto texts = shapes_of<Text>(drawing);
  const auto boxes = shapes_of<Rect>(drawing);
  const Rect paper{0, 0, drawing.width, drawing.height};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Rect bounds = bounds_of(texts[i]);
    if (!holds(paper, bounds))
      found.push_back(fmt::format("'{}' leaves the picture", texts[i].text));
    for (std::size_t j = 0; j < i; ++j) {
      if (!overlap(bounds, bounds_of(texts[j]))) continue;
      found.push_back(fmt::format("'{}' is on '{}'", texts[i].text, texts[j].text));
    }
    for (const Rect& box : boxes) {
      if (!overlap(bounds, box) || holds(box, bounds)) continue;
      found.push_back(fmt::format("'{}' crosses the edge of a box", texts[i].text));
    }
  }
  for (const Rect& a : boxes) {
    if (!holds(paper, a)) found.emplace_back("a box leaves the picture");
    for (const Rect& b : boxes) {
      if (overlap(a, b) && !holds(a, b) && !holds(b, a)) found.emplace_back("boxes cross");
    }
  }
  return found;
}

}  // namespace llmarch::reports
