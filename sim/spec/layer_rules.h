// The rules between layers: whose keys and values a layer may use, and what may stand beside the
// residual stream. rules.h knows all rules; this is a part of it.
#pragma once

#include <vector>

#include "sim/spec/rules.h"

namespace llmarch {

void shared_keys_and_values_fit(const ArchSpec& spec, std::vector<Problem>& problems);
void streams_and_residuals_fit(const ArchSpec& spec, std::vector<Problem>& problems);

}  // namespace llmarch
