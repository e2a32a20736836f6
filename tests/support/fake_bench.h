// A bench without a clock and without kernels: it counts what is predicted, and reports the times
// that it is given.
#pragma once

#include <deque>

#include "kernels/measure/measure.h"
#include "sim/cost/predict.h"

namespace llmarch::testing {

class FakeBench : public Bench {
 public:
  // Weights and caches are held in bf16.
  explicit FakeBench(const Model& model)
      : model_(model), graph_(held_graph(model, {{.weights = DType::bf16}, 1})) {}

  // The seconds of the next steps, including the warm-up; the last one repeats.
  std::deque<double> decode_seconds{1};
  std::deque<double> prefill_seconds{1};
  double held_part = 1;  // of the model; so much of a step's seconds really passes
  // The readings of the next probes; the last one repeats.
  std::deque<LimitReadings> limits{{{100}, {1000}, {2000}, {4000}}};
  // Added to the matrix FLOPs of every step's first operation.
  Flops extra;
  // Added to the weights that every step's experts read.
  Elements extra_expert_weights;
  Flops extra_expert_flops;
  int runs = 0;
  std::vector<double> probed_seconds;  // the seconds that each probe was asked for

  LimitReadings probe(double seconds) override {
    probed_seconds.push_back(seconds);
    return next(limits);
  }

  fast::StepRun run(Phase phase, const Workload& workload) override {
    ++runs;
    fast::StepRun run;
    run.book = predict(graph_, workload);
    run.book.lines.front().work.matrix += extra;
    run.book.total.matrix += extra;
    add_to_experts(run.book);
    run.total_seconds = next(phase == Phase::decode ? decode_seconds : prefill_seconds);
    run.elapsed_seconds = run.total_seconds * held_part;
    // Half of the time is in the last operation, a quarter in the first.
    for (const BookLine& line : run.book.lines) run.seconds.push_back({line.block, line.node, 0});
    run.seconds.front().seconds = run.total_seconds / 4;
    run.seconds.back().seconds = run.total_seconds / 2;
    run.active = model_.parameters.active.all;
    const Integer context = workload.past + workload.tokens;
    run.cache = {cache_elements(graph_, context, workload.batch),
                 cache_bytes(graph_, context, workload.batch)};
    return run;
  }

  [[nodiscard]] Elements parameters() const override { return model_.parameters.total; }

 private:
  void add_to_experts(Book& book) const {
    for (BookLine& line : book.lines) {
      const Op& op = model_.graph.blocks.at(line.block).nodes.at(line.node).op;
      if (!std::holds_alternative<RunExperts>(op)) continue;
      for (Work* work : {&line.work, &book.total}) {
        work->weights_read += extra_expert_weights;
        work->weight_bytes_read += Bytes(2 * extra_expert_weights.amount());
        work->matrix += extra_expert_flops;
      }
    }
  }

  template <class T>
  static T next(std::deque<T>& queue) {
    const T value = queue.front();
    if (queue.size() > 1) queue.pop_front();
    return value;
  }

  const Model& model_;
  OpGraph graph_;
};

}  // namespace llmarch::testing
