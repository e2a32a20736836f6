// A rank's part of a model's weights, cut out of the whole.
#pragma once

#include "kernels/weights/weight_store.h"
#include "sim/graph/shard.h"

namespace llmarch {

// `whole` are the weights of `graph`, of which `shard` is a rank's part. Padding is zero.
WeightStore weights_of_rank(const OpGraph& graph, const WeightStore& whole, const Shard& shard);

}  // namespace llmarch
