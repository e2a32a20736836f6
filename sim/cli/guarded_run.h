// The only place that turns an error into text on standard error and an exit status.
#pragma once

#include <functional>

#include "sim/cli/errors.h"

namespace llmarch::cli {

// The exit status of `run`, or that of what it throws.
int guarded(const std::function<ExitStatus()>& run);

}  // namespace llmarch::cli
