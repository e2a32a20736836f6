// The notes below a comparison: the conventions behind its figures, and what is said of single
// models.
#pragma once

#include <set>
#include <string_view>

#include "reports/compare_report.h"
#include "reports/document.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// "A" to "C", as the table's own rows call the conventions of active parameters, and in words.
std::string_view convention_letter(ActiveConvention convention);
std::string_view convention_phrase(ActiveConvention convention);

// Those that concern `sections`.
// Whether a model has tables that need not be resident.
bool any_not_resident(const Comparison& comparison);

Notes comparison_notes(const Comparison& comparison, const std::set<Section>& sections);

}  // namespace llmarch::reports
