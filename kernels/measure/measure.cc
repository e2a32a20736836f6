#include "kernels/measure/measure.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "kernels/measure/agreement.h"
#include "kernels/measure/paired_limits.h"
#include "sim/cost/predict.h"
#include "sim/enumerators.h"

namespace llmarch {
namespace {

bool any_expects_experts(const OpGraph& graph, const Workload& workload) {
  return std::any_of(graph.blocks.begin(), graph.blocks.end(), [&](const Block& block) {
    return std::any_of(block.nodes.begin(), block.nodes.end(),
                       [&](const Node& node) { return expects_experts(node.op, workload); });
  });
}

// The work without what cannot be exact: the weights of experts, where their number is an
// expectation, and their arithmetic, where that of their runs is one.
Work comparable(const Op& op, Work work) {
  work.weights_read = {};
  work.weight_bytes_read = {};
  if (!expects_runs(op)) return work;
  work.matrix = {};
  work.other = {};
  work.transcendentals = {};
  return work;
}

Book comparable(const OpGraph& graph, const Workload& workload, Book book) {
  for (BookLine& line : book.lines) {
    const Op& op = graph.blocks.at(line.block).nodes.at(line.node).op;
    if (!expects_experts(op, workload)) continue;
    book.total = book.total - line.work;
    line.work = comparable(op, line.work);
    book.total += line.work;
  }
  return book;
}

std::vector<Difference> differences(const OpGraph& graph, const Book& predicted,
                                    const Book& counted) {
  std::vector<Difference> found;
  for (const AgreementLine& line : lay_side_by_side(graph, predicted, counted)) {
    if (!line.holds()) found.push_back({line.block, line.operation});
  }
  return found;
}

// A step's figures before it is timed: predicted, counted and where they differ.
TimedStep counted_step(const OpGraph& graph, const Workload& workload, const fast::StepRun& run) {
  TimedStep step;
  step.workload = workload;
  const Book predicted = predict(graph, workload);
  step.predicted = predicted.total;
  step.counted = run.book.total;
  step.expected_bytes = any_expects_experts(graph, workload);
  step.differences = differences(graph, comparable(graph, workload, predicted),
                                 comparable(graph, workload, run.book));
  return step;
}

// The clock's readings of one phase.
class Readings {
 public:
  void add(const OpGraph& graph, const fast::StepRun& run) {
    steps_.push_back(run.total_seconds);
    limits_.add_step(run.total_seconds);
    all_ += run.total_seconds;
    elapsed_ += run.elapsed_seconds;
    for (const fast::NodeSeconds& line : run.seconds) {
      const Node& node = graph.blocks.at(line.block).nodes.at(line.node);
      kinds_.at(static_cast<std::size_t>(node.kind)) += line.seconds;
    }
  }
  void add(LimitReadings limits) { limits_.add_readings(std::move(limits)); }
  [[nodiscard]] Integer count() const { return std::ssize(steps_); }
  // Seconds that really went by. Those of a slice are fewer than the seconds that its steps stand
  // for.
  [[nodiscard]] double elapsed() const { return elapsed_; }
  [[nodiscard]] Spread spread() const { return spread_of(steps_); }
  [[nodiscard]] MachineLimits limits() const { return limits_.limits(); }
  // The share of the kind in the time of all steps.
  [[nodiscard]] double part(WorkKind kind) const {
    return all_ > 0 ? kinds_.at(static_cast<std::size_t>(kind)) / all_ : 0;
  }

 private:
  std::vector<double> steps_;
  PairedLimits limits_;
  std::array<double, kWorkKinds.size()> kinds_{};
  double all_ = 0;
  double elapsed_ = 0;
};

// The counted work of a line, but for states that a run may keep on the chip between its tokens:
// these a floor reads and writes once in a step, as in a book of the least that any run does.
Work bounding_work(const BookLine& counted, const Book& least) {
  Work work = counted.work;
  for (const BookLine& line : least.lines) {
    if (line.block != counted.block || line.node != counted.node) continue;
    work.cache_bytes_read = line.work.cache_bytes_read;
    work.cache_bytes_written = line.work.cache_bytes_written;
  }
  return work;
}

// Divides the median among the kinds by their shares of the total time, so that they add up to it.
void enter_kinds(const OpGraph& graph, const Book& counted, const Readings& readings,
                 TimedStep& step) {
  step.kinds.clear();
  step.floor = {};
  step.between_seconds = step.seconds.median;
  const Book least = predict(graph, step.workload, ExpertLoad::fewest);
  for (const WorkKind kind : kWorkKinds) {
    KindFigures figures{kind, Work::none(), {}, step.seconds.median * readings.part(kind)};
    bool ran = false;
    for (const BookLine& line : counted.lines) {
      if (graph.blocks.at(line.block).nodes.at(line.node).kind != kind) continue;
      ran = true;
      figures.counted += line.work;
      figures.floor += floor_of(bounding_work(line, least), step.rates);
    }
    if (!ran) continue;
    step.floor += figures.floor;
    step.between_seconds -= figures.seconds;
    step.kinds.push_back(figures);
  }
}

bool enough(const Readings& readings, const Repeats& repeats) {
  if (repeats.count) return readings.count() >= *repeats.count;
  return readings.count() >= repeats.at_least && readings.elapsed() >= repeats.seconds;
}

// Seconds of steps after which the limits are probed again: a machine's limits change within a
// second, and probing takes about as long as this.
constexpr double kBetweenProbes = 0.1;
// The time of a probe as a part of the time of the steps before it. A shorter probe would miss what
// slowed the steps down.
constexpr double kProbePart = 0.4;

// A measurement in progress.
class Run {
 public:
  Run(const Model& model, const Repeats& repeats, Measurement measurement, Bench& bench,
      const Observer& observe)
      : graph_(held_graph(model, measurement.run)),
        parameters_(model.parameters),
        repeats_(repeats),
        measurement_(std::move(measurement)),
        bench_(bench),
        observe_(observe) {}

  Measurement all() {
    measurement_.parameters = Pair{parameters_.total.amount(), bench_.parameters().amount()};
    if (wanted(Phase::decode)) phase(Phase::decode, measurement_.decode);
    if (wanted(Phase::prefill)) phase(Phase::prefill, measurement_.prefill);
    return std::move(measurement_);
  }

 private:
  [[nodiscard]] bool wanted(Phase phase) const { return !repeats_.only || *repeats_.only == phase; }

  void phase(Phase phase, std::optional<TimedStep>& step) {
    Ran& ran = ran_.at(static_cast<std::size_t>(phase));
    const Workload workload = workload_of(phase, measurement_.run.setting);
    const fast::StepRun warm = bench_.run(phase, workload);
    ran.book = warm.book;
    const TimedStep counted = counted_step(graph_, workload, warm);
    if (phase == Phase::decode) count_state(workload, warm);
    ran.readings.add(bench_.probe(kProbePart * warm.elapsed_seconds));
    while (!enough(ran.readings, repeats_)) {
      stretch(phase, workload, ran.readings);
      if (!step) step = counted;
      refresh(ran, *step);
      observe_(measurement_);
    }
  }

  // Runs steps, then probes the limits.
  void stretch(Phase phase, const Workload& workload, Readings& readings) {
    const double start = readings.elapsed();
    do {
      readings.add(graph_, bench_.run(phase, workload));
    } while (!enough(readings, repeats_) && readings.elapsed() - start < kBetweenProbes);
    readings.add(bench_.probe(kProbePart * (readings.elapsed() - start)));
  }

  void count_state(const Workload& workload, const fast::StepRun& run) {
    const Integer context = workload.past + workload.tokens;
    measurement_.cache =
        Pair{cache_bytes(graph_, context, workload.batch).amount(), run.cache.bytes.amount()};
    if (workload.batch * workload.tokens != 1) return;
    measurement_.active_parameters = Pair{parameters_.active.all.amount(), run.active.amount()};
  }

  struct Ran {
    Book book;
    Readings readings;
  };

  void refresh(const Ran& ran, TimedStep& step) {
    step.limits = ran.readings.limits();
    step.rates = rates_of(step.limits, fastest_arithmetic(graph_));
    step.seconds = ran.readings.spread();
    enter_kinds(graph_, ran.book, ran.readings, step);
  }

  const OpGraph graph_;  // stored as the bench holds it
  const Parameters& parameters_;
  const Repeats& repeats_;
  Measurement measurement_;
  Bench& bench_;
  const Observer& observe_;
  std::array<Ran, enumerator_count<Phase>()> ran_;
};

}  // namespace

Measurement measure(const Model& model, const Repeats& repeats, Measurement so_far, Bench& bench,
                    const Observer& observe) {
  return Run(model, repeats, std::move(so_far), bench, observe).all();
}

}  // namespace llmarch
