#include "sim/cli/run/live_run.h"

#include <algorithm>
#include <stdexcept>

#include "sim/cost/predict.h"

namespace llmarch::cli {
namespace {

// Rough speeds of one core of today, used only for the progress bar until the first step has been
// timed.
constexpr double kFillBytes = 3e9;
constexpr double kReadBytes = 20e9;
constexpr double kFlops = 3e11;

constexpr double kWithProbes = 1.6;  // times the steps alone: the limits are read between them

// The time of the warm-up and all repeats if every step takes `step_seconds`.
double phase_seconds(const Repeats& repeats, double step_seconds) {
  const double steps = repeats.count
                           ? repeats.count->as_double() * step_seconds
                           : std::max(repeats.seconds, repeats.at_least.as_double() * step_seconds);
  return step_seconds + kWithProbes * steps;
}

double guessed_step(const Model& model, const RunSetting& run, Phase phase) {
  const Work work = predict_total(stored(model, run.setting), workload_of(phase, run.setting));
  return std::max(work.flops().amount().as_double() / kFlops / run.threads.as_double(),
                  work.bytes().amount().as_double() / kReadBytes);
}

RunStage stage_of(Phase phase) {
  switch (phase) {
    case Phase::decode: return RunStage::decode;
    case Phase::prefill: return RunStage::prefill;
  }
  throw std::logic_error("stage_of: a phase outside the enumeration");
}

}  // namespace

void LiveRun::begin(std::size_t stage) {
  const std::lock_guard lock(mutex_);
  progress_.begin(stage, clock_());
}

void LiveRun::expect(double stage_seconds) {
  const std::lock_guard lock(mutex_);
  progress_.expect(stage_seconds);
}

void LiveRun::update(const Measurement& so_far) {
  const std::lock_guard lock(mutex_);
  so_far_ = so_far;
}

std::string LiveRun::line(std::size_t width) const {
  const std::lock_guard lock(mutex_);
  return progress_.line(clock_(), width);
}

std::optional<Measurement> LiveRun::so_far() const {
  const std::lock_guard lock(mutex_);
  return so_far_;
}

bool LiveRun::claim_report() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(claimed_, true);
}

std::vector<Stage> expected_stages(const Model& model, const RunSetting& run, Bytes weights,
                                   const Repeats& repeats) {
  const auto phase = [&](Phase which) {
    return phase_seconds(repeats, guessed_step(model, run, which));
  };
  return {{"making the weights", weights.amount().as_double() / kFillBytes},
          {"decode", phase(Phase::decode)},
          {"prefill", phase(Phase::prefill)}};
}

fast::StepRun WatchedBench::run(Phase phase, const Workload& workload) {
  const RunStage stage = stage_of(phase);
  if (stage != stage_) live_.begin(static_cast<std::size_t>(stage));
  stage_ = stage;
  const double before = live_.now();
  fast::StepRun run = bench_.run(phase, workload);
  live_.expect(phase_seconds(repeats_, live_.now() - before));
  return run;
}

}  // namespace llmarch::cli
