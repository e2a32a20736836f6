// A comparison as a document: which figures are in its rows, under which headings, with which
// notes. The figures themselves are computed by sim/study.
#pragma once

#include <set>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "reports/say/compare_sections.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// Only the rows of `sections`, and the notes that concern them.
Document compare_document(const Comparison& comparison, const std::set<Section>& sections,
                          Digits digits);

}  // namespace llmarch::reports
