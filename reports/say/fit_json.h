// What fits into a memory as stable JSON and CSV. schemas/fit.schema.json is the schema of the
// JSON.
#pragma once

#include <string>
#include <vector>

#include "reports/say/fit_report.h"

namespace llmarch::reports {

// The models in the order in which they are given.
std::string fit_json(const std::vector<FitAnswer>& answers);

// The same answers, a line each: at a batch the largest context, and at a context the largest
// batch; `sought` says which of the two columns was searched for.
std::string fit_csv(const std::vector<FitAnswer>& answers);

}  // namespace llmarch::reports
