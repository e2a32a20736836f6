// --skew: how unevenly tokens choose experts, as an exponent or as a file of loads.
#pragma once

#include <optional>

#include "sim/cli/arguments.h"
#include "sim/cost/skew.h"

namespace llmarch::cli {

void declare_skew(Options& options);

// Absent where it is not given. Throws UsageError or FileError.
std::optional<Skew> skew_of(const Values& values);

}  // namespace llmarch::cli
