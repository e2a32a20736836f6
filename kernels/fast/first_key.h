// Which keys a query attends to, as the fast kernels count them; the reference kernels and the cost
// rules each have a rule of their own to compare with.
#pragma once

#include <cstddef>

#include "sim/graph/reach.h"

namespace llmarch::fast {

// The first position whose key the query at `position` attends to; the last one is its own.
std::size_t first_key(const Reach& reach, std::size_t position);

}  // namespace llmarch::fast
