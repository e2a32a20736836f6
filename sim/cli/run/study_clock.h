// The clock of a study: runs what its claims need timed, as `measure` does, each run once.
#pragma once

#include <deque>
#include <optional>

#include "kernels/measure/measurement.h"
#include "sim/cli/run/full_run_request.h"
#include "sim/study/evaluator.h"

namespace llmarch::cli {

class StudyClock {
 public:
  // Tokens per second, or the norms' share of decode's time; none for formats without kernels.
  // Throws NotPossible where not even a slice of the model fits.
  std::optional<double> read(const Model& model, const Setting& setting, TimedFigure figure);

  // Every run so far, in order. Only one phase of each is meaningful: a run for decode has a prompt
  // of one token, one for prefill a context of one.
  [[nodiscard]] const std::deque<Measurement>& runs() const { return runs_; }

 private:
  const Measurement& run(const Model& model, const RunSetting& wanted, Phase phase);

  std::deque<Measurement> runs_;
};

}  // namespace llmarch::cli
