// What surrounds a timed run: this machine and this build, and what of them puts a timing in doubt.
#pragma once

#include <string>
#include <vector>

#include "reports/say/measurement_report.h"
#include "sim/cli/full_run_request.h"
#include "sim/cli/machine.h"

namespace llmarch::cli {

reports::RunContext run_context(const FullRunRequest& request);

// Warnings about a build that was not made to be timed: without optimisation, or with sanitizers.
std::vector<std::string> build_warnings();

// Who else used this machine while one of these lived.
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

// On standard error, in one line.
void warn(const std::string& text);

// What a watch would say at these readings: the load before, what others took meanwhile.
std::vector<std::string> machine_warnings(std::optional<double> load_before,
                                          const Disturbance& meanwhile);

}  // namespace llmarch::cli
