// Commands whose ranks are processes, as mpirun starts them.
#pragma once

#include <string>

#include "tests/support/run_program.h"

namespace llmarch::testing {

// mpirun refuses to run as root unless it is told twice, and counts cores. Open MPI keeps memory to
// the end, which the address sanitizer takes for leaks of a process; our own are found in threads.
inline std::string mpirun(int processes, const std::string& command) {
  return "env ASAN_OPTIONS=detect_leaks=0 OMPI_ALLOW_RUN_AS_ROOT=1 "
         "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 '" LLMARCH_MPIRUN "' --oversubscribe -n " +
         std::to_string(processes) + " " + command;
}

inline Seen run_processes(int processes, const std::string& command) {
  return run_shell(mpirun(processes, command));
}

inline std::string verify_command(const std::string& folder, const std::string& deployment) {
  return "'" LLMARCH_PROGRAM "' verify '" LLMARCH_GOLDEN "/" + folder + "' --parallel " +
         deployment;
}

}  // namespace llmarch::testing
