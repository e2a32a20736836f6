// What was run on this machine for a study's claims: each run with its figures, what of the model
// was held, and what to beware of.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "kernels/measure/measurement.h"
#include "reports/document/document.h"
#include "reports/say/measurement_report.h"

namespace llmarch::reports {

// Of each run one phase was timed. Nothing where nothing was run.
std::vector<Block> study_timings(const std::deque<Measurement>& runs, const RunContext& context,
                                 const std::vector<std::string>& warnings);

}  // namespace llmarch::reports
