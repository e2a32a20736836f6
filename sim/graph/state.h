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

// as_caches: in the format that is asked for the caches. f32: always, since a recurrence would add
// up what each token rounds.
enum class StateFormat { as_caches, f32 };

// One entry for each sequence. It is there, all zero, before the first position, and every step
// overwrites it: the state of a recurrence, or the last columns of a convolution.
struct Fixed {
  StateFormat format = StateFormat::as_caches;
  friend bool operator==(const Fixed&, const Fixed&) = default;
};

// An entry for every `positions` positions, made when the last of them is there and never given up.
// Positions that still wait for the others are not in this cache; see Waiting.
struct Compressed {
  Integer positions;
  friend bool operator==(const Compressed&, const Compressed&) = default;
};

// An entry for each position that an entry of a compressed cache is still to be made of: until its
// own group of `positions` positions is complete, or until the group after it is.
struct Waiting {
  Integer positions;
  enum class For { own_group, next_group } until = For::own_group;
  friend bool operator==(const Waiting&, const Waiting&) = default;
};

using State = std::variant<Growing, Fixed, Compressed, Waiting>;

inline bool is_always_f32(const State& state) {
  const auto* fixed = std::get_if<Fixed>(&state);
  return fixed != nullptr && fixed->format == StateFormat::f32;
}

}  // namespace llmarch
