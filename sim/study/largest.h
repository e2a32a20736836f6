// The largest size for which something holds.
#pragma once

#include <algorithm>

#include "sim/units.h"

namespace llmarch {

// Up to `most`; 0 if it does not hold for 1 either. It must hold up to some size, and not beyond
// it.
template <class Holds>
Integer largest_for_which(const Holds& holds, Integer most) {
  Integer found = 0;
  Integer too_large = most + 1;
  while (too_large - found > 1) {
    // Sizes are small compared with the bound, so doubling comes before halving.
    const Integer doubled = found == 0 ? Integer(1) : 2 * found;
    const Integer size = std::min(doubled, found + (too_large - found) / 2);
    (holds(size) ? found : too_large) = size;
  }
  return found;
}

}  // namespace llmarch
