// A sweep as a document: a table and a chart for each quantity, showing some of the points where
// there are many, and the crossovers. CSV and JSON have every point (sweep_lines.h).
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/sweep_crossovers.h"

namespace llmarch::reports {

Document sweep_document(const SweepPlan& plan, const std::vector<Crossing>& between,
                        const std::vector<Crossing>& within, Digits digits);

// Why a sweep has no chart: what it lacks, or has too much of.
std::string why_no_chart(const SweepPlan& plan);

}  // namespace llmarch::reports
