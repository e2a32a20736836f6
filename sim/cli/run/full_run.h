// Carries out measure at full size.
#pragma once

#include "sim/cli/errors.h"
#include "sim/cli/output.h"
#include "sim/cli/run/measure_options.h"
#include "sim/study/model.h"

namespace llmarch::cli {

// Runs the model and writes the report or, if the run is interrupted, a report of what was timed
// until then. Throws UsageError, FileError, or NotPossible before anything large is allocated.
ExitStatus full_run(const MeasureRequest& request, const Model& model, Outputs& outputs);

}  // namespace llmarch::cli
