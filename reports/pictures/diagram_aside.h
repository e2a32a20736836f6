// The drawing beside a block of a diagram: the drum of a cache, the inside of a feed-forward, or
// the experts as a field of dots with the chosen ones highlighted.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

inline constexpr double kAsideWidth = 100;

// kAsideWidth wide and as tall as it needs to be; empty for NoAside.
Drawing draw_aside(const Aside& aside);

// A filled arrow head whose tip is at `tip`.
Shape arrow_up(Place tip);
Shape arrow_left(Place tip);
Shape arrow_right(Place tip);

}  // namespace llmarch::reports
