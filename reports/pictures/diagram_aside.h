// What stands beside a block of a diagram: the drum of a cache, a feed-forward from inside, a field
// of experts. The dots of a field are to scale: one for each expert, the chosen ones lit.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

inline constexpr double kAsideWidth = 100;

// As tall as it must be, kAsideWidth wide; empty for NoAside.
Drawing draw_aside(const Aside& aside);

// A filled arrow head whose tip is at `tip`.
Shape arrow_up(Place tip);
Shape arrow_left(Place tip);

}  // namespace llmarch::reports
