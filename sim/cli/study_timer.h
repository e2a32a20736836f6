// The clock of studies, which needs kernels: sim/cli/run has one, and sim/cli/dry, which is linked
// in its place where there are none, refuses.
#pragma once

#include <memory>
#include <vector>

#include "reports/document/document.h"
#include "sim/study/evaluator.h"

namespace llmarch::cli {

// Runs on this machine what the claims of a study need timed.
class StudyTimer {
 public:
  StudyTimer() = default;
  StudyTimer(const StudyTimer&) = delete;
  StudyTimer& operator=(const StudyTimer&) = delete;
  StudyTimer(StudyTimer&&) = delete;
  StudyTimer& operator=(StudyTimer&&) = delete;
  virtual ~StudyTimer() = default;

  // Valid as long as the timer.
  virtual Clock clock() = 0;
  // What was timed so far, with its surroundings. Empty where nothing was.
  [[nodiscard]] virtual std::vector<reports::Block> timings() const = 0;
};

// Throws NotPossible where there are no kernels.
std::unique_ptr<StudyTimer> study_timer();

}  // namespace llmarch::cli
