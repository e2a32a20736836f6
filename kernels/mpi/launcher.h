// Whether an MPI launcher has started this process: what Open MPI's mpirun, and others that follow
// PMIx or PMI, leave in its environment. Asked before MPI is begun, since a process that is alone
// never begins it.
#pragma once

#include <cstdlib>

namespace llmarch {

inline bool started_by_launcher() {
  const auto is_set = [](const char* name) {
    return std::getenv(name) != nullptr;  // NOLINT(concurrency-mt-unsafe): at the start
  };
  return is_set("OMPI_COMM_WORLD_SIZE") || is_set("PMI_SIZE");
}

}  // namespace llmarch
