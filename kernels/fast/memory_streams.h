// How many streams of memory a thread reads fastest, which nothing but trying tells: one machine
// (Zen 5) gave a thread 39 GB/s along four streams and 28 along one, another (Zen 4) 27.6 along
// four and 29.3 along two. Of what is computed only the order of some sums depends on it.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/fast/team.h"

namespace llmarch::fast {

// 2 or 4. Reads up to 256 MiB of `memory`, which something wrote before, ten times over: a tenth of
// a second.
// What the team goes along now where the caches may hold all that memory.
std::size_t fastest_streams(Team& team, std::span<const std::byte> memory);

}  // namespace llmarch::fast
