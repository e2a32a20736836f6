// Which keys a query attends to, as the fast kernels count them. The reference kernels and the cost
// rules state the same independently, to be compared.
#pragma once

#include <cstddef>

#include "sim/graph/reach.h"

namespace llmarch::fast {

// The first position that the query at `position` attends to; the last one is its own.
std::size_t first_key(const Reach& reach, std::size_t position);

}  // namespace llmarch::fast
