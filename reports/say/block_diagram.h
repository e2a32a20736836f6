// A model's blocks drawn in text, from tokens at the top to logits at the bottom: the residual
// stream as a line, each branch that leaves it and comes back, norms where they stand, what is
// cached.
#pragma once

#include <string>

#include "sim/spec/arch_spec.h"

namespace llmarch::reports {

std::string block_diagram(const ArchSpec& spec);

}  // namespace llmarch::reports
