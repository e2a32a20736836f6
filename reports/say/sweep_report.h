// What a sweep says to people: a table and a chart for each quantity, thinned where there are many
// points, and the crossovers. Every point stands in its CSV and JSON (sweep_lines.h).
#pragma once

#include <vector>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/sweep_crossovers.h"

namespace llmarch::reports {

Document sweep_document(const SweepPlan& plan, const std::vector<Crossing>& between,
                        const std::vector<Crossing>& within, Digits digits);

}  // namespace llmarch::reports
