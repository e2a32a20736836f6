// A sweep as CSV and JSON: every point, written piece by piece since there may be any number. The
// formats are described in reports/README.md.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sim/study/sweep.h"
#include "sim/study/sweep_crossovers.h"

namespace llmarch::reports {

using Write = std::function<void(std::string_view)>;

// A line for each point: the model, every field of the setting, and the quantities.
void write_sweep_csv(const SweepPlan& plan, const Write& write);

// The same points, and then the crossovers.
void write_sweep_json(const SweepPlan& plan, const std::vector<Crossing>& crossings,
                      const Write& write);

}  // namespace llmarch::reports
