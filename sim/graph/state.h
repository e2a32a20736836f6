// State: what a layer keeps of the positions that it has been through. This file knows the kinds;
// how many entries each of them holds is known by sim/cost, and how they are kept by the kernels:
// each on its own account.
#pragma once

#include <variant>

#include "sim/graph/reach.h"
#include "sim/units.h"

namespace llmarch {

// An entry for each position, held as long as a later query can reach it: keys, values, latents.
struct Growing {
  Reach reach;
  friend bool operator==(const Growing&, const Growing&) = default;
};

// One entry for each sequence. It is there, all zero, before the first position, and every step
// overwrites it: the state of a recurrence, or the last columns of a convolution.
struct Fixed {
  friend bool operator==(const Fixed&, const Fixed&) = default;
};

// An entry for every `positions` positions, made when the last of them is there and never given up.
// Positions that still wait for the others are not in this cache. What is kept of them has other
// columns, so it is a cache of its own, growing within a chunk of as many positions.
struct Compressed {
  Integer positions;
  friend bool operator==(const Compressed&, const Compressed&) = default;
};

using State = std::variant<Growing, Fixed, Compressed>;

}  // namespace llmarch
