// Attention within a reach, whether that follows from the position of a query or is chosen for it:
// chosen entries are gathered into a cache of their own, in the format that attention multiplies
// with, over which it runs as over any other.
#pragma once

#include <functional>

#include "kernels/engine/step.h"
#include "kernels/fast/attention.h"

namespace llmarch::fast {

// Attention of the rows from first to last, at these places, over two caches.
using AttendRows = std::function<Attended(Share rows, const Places& places, const Cache& first,
                                          const Cache& second)>;

// Runs `attend` for all rows over the caches as they are; or row by row over those entries that the
// newest choice names.
Attended attend_within(Step& step, const Reach& reach, const Cache& first, const Cache& second,
                       const AttendRows& attend);

// The reach that attention has within the caches which attend_within hands it.
Reach given_reach(const Reach& reach);

// The cache at this place of the workspace, of that shape: layers of one kind share the caches that
// they gather into.
GatheredCache& gathered_cache(Step& step, const CacheShape& shape, std::size_t place);

// The bytes of a cache for what is gathered of one with entries of `columns`; 0 where all is read
// where it lies.
std::size_t gathered_bytes(const Reach& reach, CacheLayout layout, CacheFormat format,
                           Integer heads, Integer columns);

}  // namespace llmarch::fast
