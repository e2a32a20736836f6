// shard: the graph of one rank of a deployment, with the exchanges that it needs; books, floors and
// kernels take it as they take any other graph. This file knows what a rank has of a model. The
// axis along which a weight may be divided stands in its role's row (weight_role.h), what becomes
// of each operation in shard_rules.h.
//
// What every rank of a cp group has alike are its weights, but for what enters a sum over the group
// once, and what does not grow with the positions: caches of a window or a chunk, and fixed states.
//
// What cannot be divided is the same on every rank of a tensor-parallel group: norms of the
// residual stream, routers, cached latents, projections into latents, indexes and index keys, and
// key/value heads or groups of a recurrence where there are fewer of them than ranks, of which each
// is then on as many ranks as there are ranks for it. Whatever works on whole rows is computed by
// every rank.
#pragma once

#include <cstddef>

#include "sim/graph/deployment.h"
#include "sim/graph/rank_parts.h"

namespace llmarch {

// `graph` is a whole model's. Throws CannotShard, the same for every rank.
Shard shard(const OpGraph& graph, const Deployment& deployment, Integer rank);

// The layers of a stage, as places in the stack: the first of them and the one after the last.
// Where layers do not divide, the first stages have one more.
struct Stage {
  std::size_t first, last;
};
Stage stage_of(std::size_t layers, const Deployment& deployment, Integer stage);

}  // namespace llmarch
