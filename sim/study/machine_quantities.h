// The quantities that need a machine: floors, what the ranks of a deployment hold and take, and
// estimates. All others, and what finds one by its name, are in quantities.cc.
#pragma once

#include <span>

#include "sim/study/quantity.h"

namespace llmarch {

// In the order in which help lists them.
std::span<const Quantity> machine_quantities();

}  // namespace llmarch
