// The rows of a comparison that are about decode with drafts.
#pragma once

#include "reports/say/cells.h"
#include "reports/say/comparison_writer.h"

namespace llmarch::reports {

// Decode with drafts of the models' own prediction layers, for those that have any; nothing where
// the setting has no drafts.
void write_draft_rows(const Comparison& comparison, Digits digits, const ComparisonWriter& write);

}  // namespace llmarch::reports
