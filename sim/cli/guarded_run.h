// The only place that turns an error into a text and an exit status.
#pragma once

#include <functional>
#include <string>

#include "sim/cli/errors.h"

namespace llmarch::cli {

// How a run ends, and what is to be said of what it throws; nothing where it throws nothing.
struct Ending {
  ExitStatus status = ExitStatus::done;
  std::string message = {};
};
Ending ending_of(const std::function<ExitStatus()>& run);

// The exit status, after the message has been written to standard error.
int guarded(const std::function<ExitStatus()>& run);

}  // namespace llmarch::cli
