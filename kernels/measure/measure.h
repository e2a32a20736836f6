// How a run at full size is made: which steps, how often, when the machine's limits are read. This
// file reads no clock and runs no kernel itself: a Bench does, and a test's bench has neither.
#pragma once

#include <functional>
#include <optional>

#include "kernels/engine/engine.h"
#include "kernels/measure/measurement.h"
#include "kernels/probe/probe.h"

namespace llmarch {

// A model with its weights in memory.
class Bench {
 public:
  Bench() = default;
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  Bench(Bench&&) = delete;
  Bench& operator=(Bench&&) = delete;
  virtual ~Bench() = default;

  // This machine's limits at this moment, at the number of threads of the run, read for about as
  // many seconds.
  virtual LimitReadings probe(double seconds) = 0;
  // The step from its own past on: the same each time.
  virtual fast::StepRun run(Phase phase, const Workload& workload) = 0;
  // Parameters really held; of a slice, times the repeat.
  [[nodiscard]] virtual Elements parameters() const = 0;
};

// How often a phase is repeated: exactly `count` times, or as often as fits into `seconds` that
// really go by, and at least `at_least` times.
struct Repeats {
  std::optional<Integer> count;
  double seconds = 4;
  Integer at_least = 5;
  std::optional<Phase> only = std::nullopt;  // absent: both phases
};

// Called after each stretch of steps with everything so far.
using Observer = std::function<void(const Measurement& so_far)>;

// Each phase once to warm up and to be counted, then its repeats; limits are read between them.
// `so_far` brings what is known before: the model's name, the setting, what is held.
Measurement measure(const Model& model, const Repeats& repeats, Measurement so_far, Bench& bench,
                    const Observer& observe);

}  // namespace llmarch
