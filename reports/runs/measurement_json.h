// The stable JSON of a run at full size. The format is described in reports/README.md; programs
// read this, people read the table.
#pragma once

#include <string>

#include "reports/runs/measurement_report.h"

namespace llmarch::reports {

std::string measurement_json(const Measurement& measurement, Completeness completeness);

}  // namespace llmarch::reports
