// The rows of a comparison that are about the ranks of a deployment.
#pragma once

#include <string>

#include "reports/say/cells.h"
#include "reports/say/comparison_writer.h"

namespace llmarch::reports {

// What ranks take at least, and the rate that comes of it: infinite seconds are those of a machine
// whose file states no link, and nothing bounds a rate there.
Cell rank_time_cell(double seconds);
Cell rank_rate_cell(double tokens, double seconds);

// For each machine of the comparison; nothing where the setting has no deployment.
void write_rank_rows(const Comparison& comparison, Digits digits, const ComparisonWriter& write);

// What holds for these rows.
std::string rank_note(const Comparison& comparison);

}  // namespace llmarch::reports
