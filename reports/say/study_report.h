// A study as a document: its models side by side, and each claim with the verdict and the figures
// that decide it. Figures and verdicts are computed by sim/study.
#pragma once

#include <string_view>

#include "reports/document/document.h"
#include "sim/study/claims.h"

namespace llmarch::reports {

std::string_view words_of(Verdict verdict);  // "holds under a condition"

Document study_document(const StudyResult& result);

}  // namespace llmarch::reports
