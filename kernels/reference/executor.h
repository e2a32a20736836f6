// execute: runs the op graph with the reference kernels, and keeps the counted book of it. This
// file knows the order of operations and what a run returns; the mathematics is in the kernels of
// this folder, and the prices that the book is compared with are in sim/cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/reference/kv_cache.h"
#include "kernels/reference/ledger.h"
#include "kernels/reference/links.h"
#include "kernels/weights/weight_store.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch {

// The experts that each row chose in one layer, in ascending order, and their weights.
struct RoutingTrace {
  std::size_t layer;
  std::size_t experts_per_token;
  std::vector<std::int64_t> experts;  // (rows, experts_per_token)
  std::vector<float> weights;         // the same
};

// The blocks of keys that the index of one layer chose, ascending; for keys by themselves, a block
// is a key.
struct KeyTrace {
  std::size_t layer;
  std::size_t groups;
  std::vector<std::vector<std::size_t>> blocks;  // (rows, groups)
  std::optional<Share> share = {};               // of the groups, where a rank has not all
};

// The values at the layers' borders; rows are ordered by sequence, then position.
struct Trace {
  std::vector<std::vector<float>> hidden;  // index 0: into the first layer; i: out of layer i - 1
  std::vector<RoutingTrace> routing;
  std::vector<KeyTrace> keys;
  std::vector<float> logits;  // (rows, vocabulary)
};

// The choices that a run follows instead of its own, one for each layer that makes one, in order;
// without entries it follows its own.
struct Followed {
  std::span<const RoutingTrace> routing;
  std::span<const KeyTrace> keys;
};

struct Execution {
  Book book;
  // Elements of all weights that were read: with one token, the active parameters.
  Elements active;
  // How many distinct experts an operation ran, and for how many rows it ran one, summed over the
  // block's layers.
  struct ExpertsRun {
    std::size_t block;
    std::size_t node;
    Integer distinct, runs;
  };
  std::vector<ExpertsRun> experts_run;
  Trace trace;
};

// `token_ids` has the shape (batch, tokens), each below the vocabulary. The caches hold exactly
// `past` positions before, and `past + tokens` afterwards. Throws std::invalid_argument when these
// do not agree. Scalar is double, Counted or Rounded.
template <class Scalar>
Execution execute(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                  std::span<const std::int64_t> token_ids, const Workload& workload);

// The same for a graph that continues from the hidden states of another, as a prediction layer
// does. `hidden` has the shape (batch, tokens, columns of the input block's input).
template <class Scalar>
Execution execute_from(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                       std::span<const std::int64_t> token_ids, std::span<const float> hidden,
                       const Workload& workload);

// Runs the step on the graph of one rank (sim/graph/shard.h), which exchanges rows with the other
// ranks through `links`. Ranks that work on the same sequences are given the same token ids, also
// those of later stages of a pipeline, although the first stage alone looks them up. Throws what
// `links` throws. Scalar is double or Counted.
template <class Scalar>
Execution execute_rank(const OpGraph& graph, const WeightStore& weights, KvCaches<Scalar>& caches,
                       std::span<const std::int64_t> token_ids, const Workload& workload,
                       Links& links);

}  // namespace llmarch
