#include "kernels/mpi/world.h"

#include <stdexcept>

#include "kernels/mpi/launcher.h"

namespace llmarch {

bool has_mpi() {
  return false;
}

std::unique_ptr<World> World::joined(std::chrono::milliseconds) {
  if (!started_by_launcher()) return nullptr;
  throw std::runtime_error("an MPI launcher has started this process, and this build has no MPI");
}

}  // namespace llmarch
