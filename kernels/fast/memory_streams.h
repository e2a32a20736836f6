// In how many streams a thread reads memory fastest, which only a trial can tell: on one machine
// (Zen 5) a thread read 39 GB/s in four streams and 28 in one, on another (Zen 4) 28 in four and 31
// in two or one. The choice changes nothing in what is computed but the order of some sums.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/fast/team.h"

namespace llmarch::fast {

// A way to read: in so many streams (1, 2, 4 or 8), prefetching `ahead` bytes ahead of each.
struct Reader {
  std::size_t streams, ahead;
};

// The seconds of reading `memory` once, whole pages of 4 KiB, divided equally among the threads.
double read_seconds(Team& team, std::span<const std::byte> memory, const Reader& reader);

// 1, 2 or 4. Reads 64 MiB of `memory`, which must have been written before, 45 times, which takes
// an eighth of a second. Returns the fewest streams that are nearly as fast as the fastest: the
// streams of a product are shorter than those read here, and where one stream was as fast as two to
// within 3 %, decode in one was 1 to 5 % faster, and 8 to 18 % for four sequences. Memory that the
// caches might hold is not read: the team keeps its number of streams.
std::size_t fastest_streams(Team& team, std::span<const std::byte> memory);

}  // namespace llmarch::fast
