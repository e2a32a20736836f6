// What is said of estimates: their cells, with the spread, the rows of a comparison, and the notes
// that say what they are made from and of what nothing was measured.
#pragma once

#include "reports/document/document.h"
#include "reports/say/comparison_writer.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// "13.1 ms", "11.2 ms to 15.0 ms"; "nothing measured" where that is so.
Cell estimate_cell(const std::optional<Estimate>& estimate);
Cell spread_cell(const std::optional<Estimate>& estimate);

// What a step of decode and a prefill are estimated to take on each machine.
void write_estimate_rows(const Comparison& comparison, const ComparisonWriter& write);

void add_estimate_notes(const Comparison& comparison, Notes& notes);

}  // namespace llmarch::reports
