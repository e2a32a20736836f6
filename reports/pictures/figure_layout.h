// The layout of a Figure: its caption, and below it the panels, two side by side where they are
// narrow. At most 800 pixels wide.
#pragma once

#include "reports/document/figure.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

Drawing lay_out(const Figure& figure);

}  // namespace llmarch::reports
