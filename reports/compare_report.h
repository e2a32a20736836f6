// What a comparison says, row by row: which figures, under which headings, with which notes. The
// figures themselves are sim/study's.
#pragma once

#include "reports/cells.h"
#include "reports/document.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

Document compare_document(const Comparison& comparison, Digits digits);

}  // namespace llmarch::reports
