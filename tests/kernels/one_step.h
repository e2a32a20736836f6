// One operation by itself: values go in and come out, with no model around it.
#pragma once

#include <utility>
#include <vector>

#include "kernels/reference/attention_kernels.h"
#include "kernels/reference/basic_kernels.h"
#include "kernels/reference/chunked_kernels.h"
#include "kernels/reference/expert_kernels.h"
#include "kernels/reference/recurrence_kernels.h"
#include "kernels/reference/stream_kernels.h"

namespace llmarch {

class OneStep {
 public:
  explicit OneStep(Workload workload) : workload_(workload) {
    Block step;
    step.name = "step";
    step.kind = BlockKind::layer;
    graph_.blocks.push_back(std::move(step));
  }

  ValueId value(Integer columns, std::vector<double> elements = {}) {
    block().values.push_back({RowAxis::tokens, columns});
    const std::size_t width = size(columns);
    values_.push_back({elements.size() / width, width, std::move(elements)});
    return values_.size() - 1;
  }
  WeightId weight(WeightRole role, Integer rows, Integer columns, std::vector<float> elements) {
    graph_.weights.push_back({role, 0, rows, columns});
    elements_.push_back(std::move(elements));
    return elements_.size() - 1;
  }
  // A cache of one sequence that holds these rows.
  CacheId cache(Integer columns, std::vector<double> rows) {
    graph_.caches.push_back({"cache", 0, columns, Growing{EveryKey{}}});
    cached_.push_back(std::move(rows));
    return cached_.size() - 1;
  }
  // A fixed state that holds this row of one sequence before the step.
  CacheId state(std::vector<double> row) {
    graph_.caches.push_back({"state", 0, std::ssize(row), Fixed{}});
    cached_.push_back(std::move(row));
    return cached_.size() - 1;
  }

  template <class Kind>
  std::vector<double> run(const Kind& op) {
    WeightStore weights(graph_);
    for (WeightId id = 0; id < elements_.size(); ++id) {
      std::copy(elements_[id].begin(), elements_[id].end(), weights.of(id, 0).begin());
    }
    KvCaches<double> caches(graph_, size(workload_.batch));
    for (CacheId id = 0; id < cached_.size(); ++id) {
      if (std::holds_alternative<Fixed>(graph_.cache(id).state)) {
        std::ranges::copy(cached_[id], caches.state_of(id, 0).row(0).begin());
      } else {
        const std::size_t width = size(graph_.cache(id).columns);
        for (std::size_t at = 0; at < cached_[id].size(); at += width) {
          caches.of(id, 0).append(0, std::span<const double>(cached_[id]).subspan(at, width));
        }
      }
    }
    Ledger ledger;
    ledger.begin(0, 0);
    const std::vector<std::size_t> layers_run{1};
    reference::KeyChoice choice;
    reference::BlockRun<double> step{&graph_, &block(),   0,  0,       layers_run, &weights,
                                     &caches, &workload_, {}, &ledger, &choice,    values_};
    reference::run(step, op);
    for (CacheId id = 0; id < cached_.size(); ++id) {
      if (!std::holds_alternative<Fixed>(graph_.cache(id).state)) continue;
      const auto row = caches.state_of(id, 0).row(0);
      cached_[id].assign(row.begin(), row.end());
    }
    values_ = std::move(step.values);
    return elements(out_of(op));
  }
  // A value after the step.
  [[nodiscard]] const std::vector<double>& elements(ValueId id) const {
    return values_.at(id).elements;
  }
  // A fixed state after the step.
  [[nodiscard]] const std::vector<double>& state_after(CacheId id) const { return cached_.at(id); }

 private:
  template <class Kind>
  static ValueId out_of(const Kind& op) {
    return op.out;
  }
  static ValueId out_of(const ChunkedRecurrence& op) { return op.rule.out; }
  Block& block() { return graph_.blocks.front(); }

  Workload workload_;
  OpGraph graph_;
  std::vector<reference::Rows<double>> values_;
  std::vector<std::vector<float>> elements_;
  std::vector<std::vector<double>> cached_;
};

}  // namespace llmarch
