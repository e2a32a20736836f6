#include "sim/cli/run/full_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "kernels/measure/timed_engine.h"
#include "reports/document/format.h"
#include "reports/runs/measurement_json.h"
#include "reports/runs/measurement_report.h"
#include "sim/cli/run/full_run_request.h"
#include "sim/cli/run/live_run.h"
#include "sim/cli/run/run_context.h"
#include "sim/cli/run/watch.h"

namespace llmarch::cli {
namespace {

double seconds_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

// Writes the report for whichever thread claimed it.
class Reporter {
 public:
  Reporter(Outputs& outputs, reports::RunContext context, reports::Digits digits)
      : outputs_(outputs), context_(std::move(context)), digits_(digits) {}

  void write(const Measurement& measurement, reports::Completeness completeness) {
    std::vector<std::string> warnings = timing_warnings(machine_);
    for (std::string& warning : reports::measurement_warnings(measurement)) {
      warnings.push_back(std::move(warning));
    }
    for (const std::string& warning : warnings) warn(warning);
    outputs_.write({.make_document =
                        [&] {
                          return reports::measurement_document(measurement, context_, completeness,
                                                               warnings, digits_);
                        },
                    .json_pieces = in_one_piece(
                        [&] { return reports::measurement_json(measurement, completeness); })});
  }

  void discard() { outputs_.discard(); }

 private:
  Outputs& outputs_;
  reports::RunContext context_;
  reports::Digits digits_;
  MachineWatch machine_;
};

bool anything_timed(const std::optional<Measurement>& so_far) {
  return so_far && (so_far->decode || so_far->prefill);
}

// Called by the watch when the run is interrupted, while the run's own thread may be inside a
// kernel.
void say_what_there_is(LiveRun& live, Reporter& reporter) {
  if (!live.claim_report()) return;
  const std::optional<Measurement> so_far = live.so_far();
  if (!anything_timed(so_far)) {
    reporter.discard();
    std::fputs("llmarch: interrupted before anything was timed\n", stderr);
    return;
  }
  std::fputs("llmarch: interrupted: what was timed until then, marked partial\n", stderr);
  reporter.write(*so_far, reports::Completeness::partial);
}

Measurement run(const FullRunRequest& request, const Model& model, LiveRun& live) {
  const auto bench = make_bench(request, model);
  WatchedBench watched(*bench, live, request.repeats);
  Measurement start;
  start.model = model.spec.name;
  start.run = request.run;
  start.held = held_counts(request.graph, request.held);
  return measure(model, request.repeats, std::move(start), watched,
                 [&live](const Measurement& so_far) { live.update(so_far); });
}

}  // namespace

ExitStatus full_run(const MeasureRequest& asked, const Model& model, Outputs& outputs) {
  const FullRunRequest request = full_run_request(asked, model);
  const Bytes weights = memory_need(request.graph, request.held, request.run).weights;
  LiveRun live(Progress(expected_stages(model, request.run, weights, request.repeats)),
               seconds_now);
  Reporter reporter(outputs, run_context(request), asked.digits);
  std::optional<Watch> watch(
      std::in_place, [&live](std::size_t width) { return live.line(width); },
      [&live, &reporter] { say_what_there_is(live, reporter); });
  const Measurement measurement = run(request, model, live);
  if (!live.claim_report()) return ExitStatus::our_bug;  // the watch is ending the program
  watch.reset();
  reporter.write(measurement, reports::Completeness::complete);
  return measurement.exact() ? ExitStatus::done : ExitStatus::check_failed;
}

}  // namespace llmarch::cli
