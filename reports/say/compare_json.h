// The stable JSON of a comparison: whole integers under names that do not change. The format is
// described in reports/README.md; programs read this, people read the table.
#pragma once

#include <string>

#include "sim/study/compare.h"

namespace llmarch::reports {

std::string compare_json(const Comparison& comparison);

}  // namespace llmarch::reports
