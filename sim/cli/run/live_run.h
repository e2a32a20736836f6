// A run at full size while it is under way: what has been timed, how far it is, and which thread
// writes the report. The run's thread writes here; the watch's thread reads and may end the
// program. Only one of the two writes the report.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "kernels/measure/measure.h"
#include "sim/cli/run/progress.h"

namespace llmarch::cli {

class LiveRun {
 public:
  // The seconds of a monotonic clock.
  using Clock = std::function<double()>;

  LiveRun(Progress progress, Clock clock)
      : progress_(std::move(progress)), clock_(std::move(clock)) {}

  [[nodiscard]] double now() const { return clock_(); }
  void begin(std::size_t stage);
  void expect(double stage_seconds);
  void update(const Measurement& so_far);

  [[nodiscard]] std::string line(std::size_t width) const;
  [[nodiscard]] std::optional<Measurement> so_far() const;

  // True for the first caller, which then writes the report; false for every later one.
  bool claim_report();

 private:
  mutable std::mutex mutex_;
  Progress progress_;
  Clock clock_;
  std::optional<Measurement> so_far_;
  bool claimed_ = false;
};

// The stages of a run, in order.
enum class RunStage : std::size_t { weights, decode, prefill };

// How long the stages are likely to take.
std::vector<Stage> expected_stages(const Model& model, const RunSetting& run, Bytes weights,
                                   const Repeats& repeats);

// A bench that reports to a live run which stage has begun and how long it is likely to take.
class WatchedBench : public Bench {
 public:
  WatchedBench(Bench& bench, LiveRun& live, const Repeats& repeats)
      : bench_(bench), live_(live), repeats_(repeats) {}

  LimitReadings probe(double seconds) override { return bench_.probe(seconds); }
  fast::StepRun run(Phase phase, const Workload& workload) override;
  [[nodiscard]] Elements parameters() const override { return bench_.parameters(); }

 private:
  Bench& bench_;
  LiveRun& live_;
  const Repeats& repeats_;
  RunStage stage_ = RunStage::weights;
};

}  // namespace llmarch::cli
