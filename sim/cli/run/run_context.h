// The surroundings of a timed run, this machine and this build, and which of them put a timing in
// doubt.
#pragma once

#include <string>
#include <vector>

#include "reports/runs/measurement_report.h"
#include "sim/cli/run/full_run_request.h"
#include "sim/cli/run/machine.h"

namespace llmarch::cli {

reports::RunContext run_context(const FullRunRequest& request);

// Warnings about a build that is not meant for timing: without optimisation, or with sanitizers.
std::vector<std::string> build_warnings();

// Notices who else used this machine during its lifetime.
class MachineWatch {
 public:
  MachineWatch();
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  std::optional<double> load_before_;
  std::optional<ProcessorTimes> before_;
  std::int64_t own_before_;
};

// The warnings about the build and those about the machine.
std::vector<std::string> timing_warnings(const MachineWatch& machine);

// Prints one line to standard error.
void warn(const std::string& text);

// The warnings for these readings: the load before the run, and what others took during it.
std::vector<std::string> machine_warnings(std::optional<double> load_before,
                                          const Disturbance& meanwhile);

}  // namespace llmarch::cli
