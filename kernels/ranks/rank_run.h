// One rank of a deployment: its part of the model, and the steps that it runs with others.
#pragma once

#include <span>
#include <vector>

#include "kernels/reference/executor.h"
#include "sim/graph/shard.h"

namespace llmarch {

// What a rank is given: the whole model, of which it cuts out its part.
struct RankedModel {
  const OpGraph& graph;
  const WeightStore& weights;
  Deployment deployment;
};

// The step as a rank's graph is run with it; `workload` is that of one rank's sequences.
Workload workload_of_rank(const Deployment& deployment, Workload workload);

template <class Scalar>
class RankRun {
 public:
  // `batch` are the rank's own sequences. Throws CannotShard.
  RankRun(const RankedModel& model, std::size_t rank, std::size_t batch);

  // Throws what `links` throws.
  Execution run(const Workload& workload, std::span<const std::int64_t> token_ids, Links& links);
  // Empties the caches.
  void forget();
  [[nodiscard]] const Shard& shard() const { return shard_; }

 private:
  Shard shard_;
  WeightStore weights_;
  KvCaches<Scalar> caches_;
  std::size_t batch_;
  Deployment deployment_;
};

// The trace of the whole model, from those of its ranks: hidden states, choices and logits as the
// ranks with the first sequences have them.
Trace trace_of(const Deployment& deployment, const std::vector<Execution>& ranks);

// Sends what the rank's step returned to all others, and returns what all of them have sent, in the
// order of the ranks: the traces, and of the books the totals of what was sent.
std::vector<Execution> executions_of_all(const Deployment& deployment, std::size_t own,
                                         Execution execution, Links& links);

}  // namespace llmarch
