// Crossovers as a table: the order at the start, and from which token on it is another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/document/document.h"
#include "sim/study/sweep_crossovers.h"

namespace llmarch::reports {

Table crossover_table(std::string caption, const SweepPlan& plan,
                      const std::vector<Crossing>& crossings);

// What the table leaves out, and how far was searched where not to the end; empty when nothing.
// `between` says whose orders they are: "Between models".
std::vector<std::string> crossover_notes(std::string_view between, const SweepPlan& plan,
                                         const std::vector<Crossing>& crossings);

}  // namespace llmarch::reports
