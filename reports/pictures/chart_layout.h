// The layout of a Chart: lines labelled at their ends instead of by a legend, those that coincide
// by one label, and each mark with a dotted line down to the axis and, where there is room, its
// text. 800 pixels wide.
#pragma once

#include "reports/document/document.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

Drawing lay_out(const Chart& chart);

}  // namespace llmarch::reports
