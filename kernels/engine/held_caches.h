// In which formats the fast kernels keep the caches of a graph, and which caches they cannot keep.
#pragma once

#include <optional>
#include <string>

#include "kernels/fast/cache_format.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

// None where there are no kernels for it.
std::optional<CacheFormat> cache_format(const StorageFormat& format);

// Throws std::invalid_argument where there are no kernels for the cache's format.
CacheFormat cache_format_of(const llmarch::Cache& cache);

// How the layer that fills a cache reads it; layers that share the cache read it alike.
ReadsCache read_of(const OpGraph& graph, CacheId id);

// Why there are no kernels for the caches of the graph: a format that is not run, heads that the
// format does not scale in whole groups, or keys and values that are not multiplied in one format.
// None where there are kernels for all.
std::optional<std::string> why_no_cache_kernels(const OpGraph& graph);

}  // namespace llmarch::fast
