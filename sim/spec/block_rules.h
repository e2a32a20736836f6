// What must hold within one block, a mixer (block_rules.cc) or a feed-forward
// (feed_forward_rules.cc). There is an overload for each alternative, so that a new one does not
// compile without its rules. Private to sim/spec; rules.h has all of them.
#pragma once

#include <string>
#include <vector>

#include "sim/spec/problem.h"

namespace llmarch {

using Problems = std::vector<Problem>;

// Sizes begin at 1 and real numbers above 0. A loader that could not read one leaves 0 there and
// has said so; the rules pass over it, so that every other problem of the file is found in the same
// run.
template <class... Sizes>
bool known(const Sizes&... sizes) {
  return ((sizes != 0) && ...);
}

// `path` is the block's in the spec, "attention.local".
void mixer_rules(const Mixer& mixer, const std::string& path, Problems& problems);
void feed_forward_rules(const FeedForward& feed_forward, const std::string& path,
                        Problems& problems);

}  // namespace llmarch
