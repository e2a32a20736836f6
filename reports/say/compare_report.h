// What a comparison says, row by row: which figures, under which headings, with which notes. The
// figures themselves are sim/study's.
#pragma once

#include <set>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "reports/say/compare_sections.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// Only `sections`, and the notes that concern them.
Document compare_document(const Comparison& comparison, const std::set<Section>& sections,
                          Digits digits);

}  // namespace llmarch::reports
