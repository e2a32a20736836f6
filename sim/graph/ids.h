// How operations name their operands.
#pragma once

#include <cstddef>

namespace llmarch {

using WeightId = std::size_t;  // index into OpGraph::weights
using CacheId = std::size_t;   // index into OpGraph::caches
using ValueId = std::size_t;   // index into Block::values

}  // namespace llmarch
