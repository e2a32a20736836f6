// Ranks that are threads of this process: how they send to each other, and how all of them run one
// step. It proves a deployment where there is nothing but this program.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "kernels/ranks/rank_failure.h"
#include "kernels/ranks/rank_run.h"

namespace llmarch {

// What is on its way between all ranks.
class Mail {
 public:
  explicit Mail(std::chrono::milliseconds patience) : patience_(patience) {}

  void put(std::size_t from, std::size_t to, std::vector<double> elements);
  // Throws RankFailure if `from` has failed, or sends nothing for as long as there is patience.
  std::vector<double> take(std::size_t from, std::size_t to);
  // Says that this rank has failed, and sends nothing more.
  void fail(std::size_t rank);
  // The rank that failed first.
  [[nodiscard]] std::optional<std::size_t> first_failed() const;

 private:
  std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::pair<std::size_t, std::size_t>, std::deque<std::vector<double>>> boxes_;
  std::vector<std::size_t> failed_;
};

// All ranks of a model, each in a thread of its own while they run a step.
template <class Scalar>
class RankTeam {
 public:
  // `batch` are the sequences of one rank. Throws CannotShard.
  RankTeam(const RankedModel& model, std::size_t batch);

  // One step of every rank: its book, and what passed through it. Ranks with sequences of their own
  // all have the same ones here. `workload` is that of one rank. Throws RankFailure; a rank that
  // throws makes the others end.
  std::vector<Execution> run(const Workload& workload, std::span<const std::int64_t> token_ids);
  // Empties the caches.
  void forget();

  [[nodiscard]] const Shard& shard(std::size_t rank) const { return ranks_.at(rank).shard(); }
  [[nodiscard]] std::size_t size() const { return ranks_.size(); }

 private:
  std::vector<RankRun<Scalar>> ranks_;
};

}  // namespace llmarch
