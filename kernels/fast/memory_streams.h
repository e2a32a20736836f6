// How many streams of memory a thread reads fastest, which nothing but trying tells: one machine
// (Zen 5) gave a thread 39 GB/s along four streams and 28 along one, another (Zen 4) 28 along four
// and 31 along two and one. Of what is computed only the order of some sums depends on it.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/fast/team.h"

namespace llmarch::fast {

// A way to read: along so many streams (1, 2, 4 or 8), prefetching `ahead` bytes before each.
struct Reader {
  std::size_t streams, ahead;
};

// Of one reading of `memory`, whole pages of 4 KiB, each thread an equal share of it.
double read_seconds(Team& team, std::span<const std::byte> memory, const Reader& reader);

// 1, 2 or 4: reads 64 MiB of `memory`, which something wrote before, 45 times, an eighth of a
// second. Of those that are nearly as fast as the fastest it is the fewest: streams of a product
// are shorter than what is read here, and where one was as fast as two, give or take 3 %, decode
// along one was 1 to 5 % faster, of four sequences 8 to 18 %. Where the caches may hold all that
// memory, it is what the team goes along now.
std::size_t fastest_streams(Team& team, std::span<const std::byte> memory);

}  // namespace llmarch::fast
