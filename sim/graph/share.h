// Share: which of a model's heads, experts or rows of a table a rank has, for operations that are
// about their numbers.
#pragma once

#include "sim/units.h"

namespace llmarch {

// Those from `first` on, of `all`; how many there are is a size of the operation that says so.
struct Share {
  Integer first, all;
  friend bool operator==(const Share&, const Share&) = default;
};

}  // namespace llmarch
