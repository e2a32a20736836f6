// The runs on this machine that a study's claims needed: the figures of each, the part of the model
// that was held, and warnings.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "kernels/measure/measurement.h"
#include "reports/document/document.h"
#include "reports/runs/measurement_report.h"

namespace llmarch::reports {

// Each run has timed one phase. Empty where nothing was run.
std::vector<Block> study_timings(const std::deque<Measurement>& runs, const RunContext& context,
                                 const std::vector<std::string>& warnings);

}  // namespace llmarch::reports
