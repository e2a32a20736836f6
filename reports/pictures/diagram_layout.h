// The layout of a Diagram: panels side by side, tokens at the bottom, the residual stream as a line
// up the left, branches to its right, and beside a block what it caches or what is inside it. Two
// panels are 800 pixels wide.
#pragma once

#include "reports/document/diagram.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

Drawing lay_out(const Diagram& diagram);

}  // namespace llmarch::reports
