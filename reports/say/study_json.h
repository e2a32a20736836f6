// The stable JSON of a study's claims: verdicts and their figures, under names that do not change.
// The format is described in reports/README.md.
#pragma once

#include <string>

#include "sim/study/claims.h"

namespace llmarch::reports {

std::string study_json(const StudyResult& result);

}  // namespace llmarch::reports
