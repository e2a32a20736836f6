// Whether components include each other in a circle. A component is a header with its source file,
// a.h and a.cc together, since a circle through a.cc ties two components as much as one through
// headers.
#pragma once

#include <string>
#include <vector>

#include "tests/layering/includes.h"

namespace llmarch {

// One circle through each component that is in a circle, "sim/a -> sim/b -> sim/a", without
// repeating any; empty when there is none.
std::vector<std::string> cycles(const Includes& includes);

}  // namespace llmarch
