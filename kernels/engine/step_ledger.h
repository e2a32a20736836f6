// The ledger of the fast kernels: one line for each node of the graph, and which weights were read.
// This file knows how the work of the layers that ran adds up to a book; what is entered, and when,
// is known by the operations (step_rows.cc and the other step_*.cc).
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
  Integer expert_runs;  // rows that an expert ran for
};

class StepLedger {
 public:
  StepLedger(const OpGraph& graph, const Held& held);

  void clear();
  Line& line(std::size_t block, std::size_t node) { return lines_[block][node]; }
  [[nodiscard]] const WorkUnits& units(std::size_t block, std::size_t node) const {
    return units_[block][node];
  }
  // Enters that one copy of a weight was read, in one of the layers held.
  void touch(WeightId weight, std::size_t layer, std::size_t copy) {
    Touched& touched = touched_[weight];
    touched.read[layer * touched.copies + copy] = true;
  }

  // Scaled up to all layers that the held ones stand for, in the order of the graph.
  [[nodiscard]] Book book() const;
  // One for each line of the book.
  [[nodiscard]] std::vector<double> seconds() const;
  [[nodiscard]] Elements active() const;
  [[nodiscard]] std::vector<Execution::ExpertsRun> experts_run() const;

 private:
  struct Touched {
    std::size_t copies = 0;
    std::vector<bool> read;  // (layers held, copies held)
  };
  [[nodiscard]] Integer copies_read(WeightId weight) const;
  // Scales `amount` from a block's held layers up to all its layers.
  [[nodiscard]] Integer of_all_layers(Integer amount, std::size_t block) const;
  [[nodiscard]] Work of_all_layers(const Work& work, std::size_t block) const;

  const OpGraph* graph_;
  Held held_;
  std::vector<std::vector<WorkUnits>> units_;  // for each block and node
  std::vector<std::vector<Line>> lines_;       // for each block and node
  std::vector<Touched> touched_;
};

}  // namespace llmarch::fast
