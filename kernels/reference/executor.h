// execute: runs the op graph with the reference kernels, and keeps the counted book of what
// happened. This file knows the order of operations and what a run gives back; the mathematics is
// in kernels/reference, the prices that this is held against in sim/cost.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/reference/kv_cache.h"
#include "kernels/reference/ledger.h"
#include "kernels/weights/weight_store.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch {

// The experts that each row chose in one layer, ascending, and the weights they were given.
struct RoutingTrace {
  std::size_t layer;
  std::size_t experts_per_token;
  std::vector<std::int64_t> experts;  // (rows, experts_per_token)
  std::vector<float> weights;         // the same
};

// What passed through, rows in the order sequence, position.
struct Trace {
  std::vector<std::vector<float>> hidden;  // index 0: into the first layer; i: out of layer i - 1
  std::vector<RoutingTrace> routing;
  std::vector<float> logits;  // (rows, vocabulary)
};

struct Execution {
  Book book;
  // Elements of all weights that were read at all: with one token, the active parameters.
  Elements active;
  // How many experts ran in the line's block and node, summed over its layers.
  struct DistinctExperts {
    std::size_t block;
    std::size_t node;
    Integer count;
  };
  std::vector<DistinctExperts> distinct_experts;
  Trace trace;
};

// `token_ids`: (batch, tokens), each below the vocabulary. The caches hold exactly `past`
// positions; afterwards they hold `past + tokens`. Throws std::invalid_argument when these do not
// agree. Scalar is double, Counted or Rounded.
template <class Scalar>
Execution execute(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                  std::span<const std::int64_t> token_ids, const Workload& workload);

}  // namespace llmarch
