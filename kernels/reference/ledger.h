// The ledger: what a forward pass really did, added up while it runs. Kernels read and write
// weights, caches and rows through the readers and writers of step.h, which enter each access when
// it happens; nothing here is derived from a shape. sim/cost predicts what the ledger should say,
// and neither includes the other.
#pragma once

#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "kernels/reference/counted.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"

namespace llmarch {

// One weight matrix of one layer; each expert has matrices of its own.
struct WeightInstance {
  WeightId weight;
  std::size_t layer;  // among the layers that run its block
  std::size_t copy;
  friend auto operator<=>(const WeightInstance&, const WeightInstance&) = default;
};

class Ledger {
 public:
  // Everything entered from here on belongs to this operation.
  void begin(std::size_t block, std::size_t node);
  // The arithmetic tallied since `begin`.
  void enter_arithmetic(const ArithmeticTally& tally);

  Work& current() { return book_.lines.at(line_).work; }
  void touch(const WeightInstance& instance) { touched_.insert(instance); }

  // The operations in the order of the graph, and their total.
  [[nodiscard]] Book book() const;
  // Every weight that was read: the active ones.
  [[nodiscard]] const std::set<WeightInstance>& touched() const { return touched_; }

 private:
  Book book_;
  std::size_t line_ = 0;
  std::set<WeightInstance> touched_;
};

// The rows of one operand; each is added to `sink` the first time that it is read or written.
class RowTally {
 public:
  RowTally(std::size_t rows, std::size_t columns, Elements& sink)
      : entered_(rows, false), columns_(columns), sink_(&sink) {}

  void enter(std::size_t row) {
    if (entered_.at(row)) return;
    entered_[row] = true;
    *sink_ += Elements(static_cast<std::int64_t>(columns_));
  }

 private:
  std::vector<bool> entered_;
  std::size_t columns_;
  Elements* sink_;
};

}  // namespace llmarch
