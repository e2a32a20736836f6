// measure --scaled: predicted beside counted on a scaled-down instance, with the reference kernels.
#pragma once

#include "sim/cli/errors.h"
#include "sim/cli/output.h"
#include "sim/cli/run/measure_options.h"
#include "sim/study/model.h"

namespace llmarch::cli {

ExitStatus scaled_run(const MeasureRequest& request, const Model& model, Outputs& outputs);

}  // namespace llmarch::cli
