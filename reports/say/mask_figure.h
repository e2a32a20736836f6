// Which keys a query attends to (AttendedKeys), in words and as a mask of a few positions: sizes of
// thousands are drawn as some of 24.
#pragma once

#include <string>
#include <vector>

#include "reports/document/figure.h"
#include "sim/describe/facts.h"

namespace llmarch::reports {

// "the last 1,024 positions"; then what else stands out, and at which scale the mask is drawn.
std::vector<std::string> words_of(const AttendedKeys& reach);

MaskFigure mask_of(const AttendedKeys& reach);

}  // namespace llmarch::reports
