// The clock of a study: what its claims ask to be timed is run here, as `measure` runs it, each run
// once.
#pragma once

#include <deque>
#include <optional>

#include "kernels/measure/measurement.h"
#include "sim/cli/full_run_request.h"
#include "sim/study/evaluator.h"

namespace llmarch::cli {

class StudyClock {
 public:
  // Tokens per second, or the norms' share of decode's time; none for formats that there are no
  // kernels for. Throws NotPossible where not even a slice of the model fits.
  std::optional<double> read(const Model& model, const Setting& setting, TimedFigure figure);

  // Everything that was run, in order. Of each run one phase: a run for decode has a prompt of one
  // token, one for prefill a context of one.
  [[nodiscard]] const std::deque<Measurement>& runs() const { return runs_; }

 private:
  const Measurement& run(const Model& model, const RunSetting& wanted, Phase phase);

  std::deque<Measurement> runs_;
};

}  // namespace llmarch::cli
