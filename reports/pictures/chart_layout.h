// The layout of a Chart: lines labelled at their ends instead of by a legend, and each mark with
// its text and a dotted line down to the axis. 800 pixels wide.
#pragma once

#include "reports/document/document.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

Drawing lay_out(const Chart& chart);

}  // namespace llmarch::reports
