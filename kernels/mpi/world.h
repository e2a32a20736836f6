// World: the processes that an MPI launcher has started together, and how this one sends to the
// others. This header does not know MPI: a build that found it defines the functions in present/,
// one that did not in absent/.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "kernels/reference/links.h"

namespace llmarch {

// Whether this build can join others.
bool has_mpi();

class World {
 public:
  // The processes that were started with this one; null where it was started alone. Throws
  // std::runtime_error where a launcher has started it and this build has no MPI, or where MPI
  // cannot be used. A receiver waits as long as there is `patience`, then throws RankFailure.
  static std::unique_ptr<World> joined(std::chrono::milliseconds patience);

  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  // Leaves the others after what was sent to them has arrived. While an exception ends the process
  // it does not wait: the launcher sees that the process has ended, and ends the others.
  virtual ~World() = default;

  [[nodiscard]] virtual std::size_t rank() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  virtual Links& links() = 0;
};

}  // namespace llmarch
