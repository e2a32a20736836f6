// The ledger of the fast kernels: one line for each node of the graph, and which weights were
// opened at all. This file knows how the work of the layers that were run adds up to a book; what
// is entered, and when, is known by the operations (step_rows.cc and its neighbours).
#pragma once

#include <vector>

#include "kernels/engine/held.h"
#include "kernels/engine/work_units.h"
#include "kernels/reference/executor.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

struct Line {
  bool ran = false;
  double seconds = 0;
  Work work;
};

class StepLedger {
 public:
  StepLedger(const OpGraph& graph, const Held& held);

  void clear();
  Line& line(std::size_t block, std::size_t node) { return lines_[block][node]; }
  [[nodiscard]] const WorkUnits& units(std::size_t block, std::size_t node) const {
    return units_[block][node];
  }
  // One copy of a weight, in one of the layers that are held, was read.
  void touch(WeightId weight, std::size_t layer, std::size_t copy) {
    Touched& touched = touched_[weight];
    touched.opened[layer * touched.copies + copy] = true;
  }

  // For all layers that the held ones stand for, in the order of the graph.
  [[nodiscard]] Book book() const;
  // As many as the book has lines.
  [[nodiscard]] std::vector<double> seconds() const;
  [[nodiscard]] Elements active() const;
  [[nodiscard]] std::vector<Execution::DistinctExperts> distinct_experts() const;

 private:
  struct Touched {
    std::size_t copies = 0;
    std::vector<bool> opened;  // (layers held, copies held)
  };
  [[nodiscard]] Integer opened_copies(WeightId weight) const;
  // `amount` of the layers of a block that are held, for all its layers.
  [[nodiscard]] Integer of_all_layers(Integer amount, std::size_t block) const;
  [[nodiscard]] Work of_all_layers(const Work& work, std::size_t block) const;

  const OpGraph* graph_;
  Held held_;
  std::vector<std::vector<WorkUnits>> units_;  // of each block and node
  std::vector<std::vector<Line>> lines_;       // the same
  std::vector<Touched> touched_;
};

}  // namespace llmarch::fast
