// Crossovers as a table: the order at the start of the range, and each token at which it changes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/document/document.h"
#include "sim/study/sweep_crossovers.h"

namespace llmarch::reports {

Table crossover_table(std::string caption, const SweepPlan& plan,
                      const std::vector<Crossing>& crossings);

// Which pairs the table leaves out, and how far the search went where it did not reach the end;
// empty when there is nothing to report. `between` says what was compared: "Between models".
std::vector<std::string> crossover_notes(std::string_view between, const SweepPlan& plan,
                                         const std::vector<Crossing>& crossings);

}  // namespace llmarch::reports
