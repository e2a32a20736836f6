#include "kernels/engine/step_ledger.h"

#include <algorithm>

namespace llmarch::fast {
StepLedger::StepLedger(const OpGraph& graph, const Held& held) : graph_(&graph), held_(held) {
  for (const Block& block : graph.blocks) {
    units_.emplace_back();
    for (const Node& node : block.nodes) {
      units_.back().push_back(work_units(graph, block, node.op));
    }
    lines_.emplace_back(block.nodes.size());
  }
  for (const Weight& weight : graph.weights) {
    const std::size_t copies = size(copies_held(weight, held));
    const std::size_t layers = size(held.layers.at(weight.block));
    touched_.push_back({copies, std::vector<bool>(layers * copies, false)});
  }
}

void StepLedger::clear() {
  for (std::vector<Line>& lines : lines_) std::fill(lines.begin(), lines.end(), Line{});
  for (Touched& touched : touched_) {
    std::fill(touched.read.begin(), touched.read.end(), false);
  }
}

// Layers of one kind do the same work, so the division has no remainder, except for the number of
// experts that several rows chose: there the mean of the held layers stands for the others.
Integer StepLedger::of_all_layers(Integer amount, std::size_t block) const {
  const Integer held = held_.layers.at(block);
  const Integer all = graph_->blocks.at(block).repeats;
  return held == all ? amount : amount / held * all + amount % held * all / held;
}

Work StepLedger::of_all_layers(const Work& work, std::size_t block) const {
  Columns columns = work.columns();
  for (Integer& amount : columns) amount = of_all_layers(amount, block);
  return Work::of(columns);
}

Book StepLedger::book() const {
  Book book;
  for (std::size_t block = 0; block < lines_.size(); ++block) {
    for (std::size_t node = 0; node < lines_[block].size(); ++node) {
      const Line& line = lines_[block][node];
      if (!line.ran) continue;
      book.lines.push_back({block, node, of_all_layers(line.work, block)});
      book.total += book.lines.back().work;
    }
  }
  return book;
}

std::vector<double> StepLedger::seconds() const {
  std::vector<double> seconds;
  for (std::size_t block = 0; block < lines_.size(); ++block) {
    const double each = 1 / held_.layers.at(block).as_double();
    for (const Line& line : lines_[block]) {
      if (!line.ran) continue;
      seconds.push_back(line.seconds * each * graph_->blocks[block].repeats.as_double());
    }
  }
  return seconds;
}

Elements StepLedger::active() const {
  Elements sum;
  for (WeightId id = 0; id < touched_.size(); ++id) {
    const Weight& weight = graph_->weights[id];
    sum +=
        Elements(of_all_layers(copies_read(id), weight.block) * weight.elements_of_copy().amount());
  }
  return sum;
}

std::vector<Execution::ExpertsRun> StepLedger::experts_run() const {
  std::vector<Execution::ExpertsRun> experts;
  for (std::size_t block = 0; block < graph_->blocks.size(); ++block) {
    for (std::size_t node = 0; node < graph_->blocks[block].nodes.size(); ++node) {
      const auto* run = std::get_if<RunExperts>(&graph_->blocks[block].nodes[node].op);
      if (run == nullptr) continue;
      experts.push_back({block, node, of_all_layers(copies_read(run->up), block),
                         of_all_layers(lines_[block][node].expert_runs, block)});
    }
  }
  return experts;
}

Integer StepLedger::copies_read(WeightId weight) const {
  return std::ranges::count(touched_.at(weight).read, true);
}

}  // namespace llmarch::fast
