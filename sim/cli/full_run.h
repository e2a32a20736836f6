// measure at full size: what is asked of it on the command line, and how it is carried out.
#pragma once

#include "sim/cli/errors.h"
#include "sim/cli/measure_options.h"
#include "sim/cli/output.h"
#include "sim/study/model.h"

namespace llmarch::cli {

// Runs the model and writes what came out, or, when it is interrupted, what came out until then.
// Throws UsageError, FileError, or NotPossible before anything large is allocated.
ExitStatus full_run(const MeasureRequest& request, const Model& model, Outputs& outputs);

}  // namespace llmarch::cli
