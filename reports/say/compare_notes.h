// The notes below a comparison: the conventions that its figures follow, and remarks on single
// models.
#pragma once

#include <set>

#include "reports/document/document.h"
#include "reports/say/compare_sections.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// Whether the total and the resident total differ in one of the models.
bool any_per_layer_embedding(const Comparison& comparison);
// Whether one of the models keeps fixed states.
bool any_fixed_state(const Comparison& comparison);
// Whether any repository holds something beside its text model; whether any has prediction layers.
bool any_beside(const Comparison& comparison);
bool any_prediction_layer(const Comparison& comparison);

// The notes that concern `sections`.
Notes comparison_notes(const Comparison& comparison, const std::set<Section>& sections);

}  // namespace llmarch::reports
