#include "sim/cli/study_timer.h"

#include "reports/runs/study_timings.h"
#include "sim/cli/run/run_context.h"
#include "sim/cli/run/study_clock.h"

namespace llmarch::cli {
namespace {

class KernelTimer final : public StudyTimer {
 public:
  Clock clock() override {
    return [this](const Model& model, const Setting& setting, TimedFigure figure) {
      return clock_.read(model, setting, figure);
    };
  }
  [[nodiscard]] std::vector<reports::Block> timings() const override {
    if (clock_.runs().empty()) return {};
    return reports::study_timings(clock_.runs(), run_context({}), timing_warnings(machine_));
  }

 private:
  MachineWatch machine_;
  StudyClock clock_;
};

}  // namespace

std::unique_ptr<StudyTimer> study_timer() {
  return std::make_unique<KernelTimer>();
}

}  // namespace llmarch::cli
