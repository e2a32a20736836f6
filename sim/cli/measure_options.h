// What measure can be asked for, and what it does when it is not asked: the defaults differ between
// a run at full size and a scaled-down one, so they stand with the runs and not in the parser.
#pragma once

#include <string>

#include "sim/cli/arguments.h"

namespace llmarch::cli {

Options measure_options();

// The option's number, or `otherwise` where it is not given. Throws UsageError.
Integer tokens_or(const Values& values, const std::string& option, Integer otherwise);

// --threads, or all that can run here. Throws UsageError for more than those.
Integer threads_of(const Values& values);

}  // namespace llmarch::cli
