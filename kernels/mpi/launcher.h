// Whether an MPI launcher has started this process: what Open MPI's mpirun, and others that follow
// PMIx or PMI, leave in its environment. Asked before MPI is begun, since a process that is alone
// never begins it.
#pragma once

#include <cstdlib>

namespace llmarch {

inline bool started_by_launcher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    if (std::getenv(name) != nullptr) return true;  // NOLINT(concurrency-mt-unsafe): at the start
  }
  return false;
}

}  // namespace llmarch
