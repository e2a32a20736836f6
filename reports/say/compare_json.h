// The stable JSON and CSV of a comparison: exact figures under names that do not change. The
// formats are described in reports/README.md; programs read this, people read the table.
#pragma once

#include <string>

#include "sim/study/compare.h"

namespace llmarch::reports {

std::string compare_json(const Comparison& comparison);

// The same figures, a line for each model, and where there are several machines for each model on
// each: its setting, then every figure under its path in the JSON ("decode_flops").
std::string compare_csv(const Comparison& comparison);

}  // namespace llmarch::reports
