// How a run at full size is made: which steps, how often, and when the machine's limits are read.
// This file reads no clock and runs no kernel; a Bench does both, and a test's bench neither.
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

  // This machine's limits at this moment, with the threads of the run, probed for about this many
  // seconds.
  virtual LimitReadings probe(double seconds) = 0;
  // Runs the step, each time after the same past.
  virtual fast::StepRun run(Phase phase, const Workload& workload) = 0;
  // The parameters held; those of a slice times the layers that they stand for.
  [[nodiscard]] virtual Elements parameters() const = 0;
};

// How often a phase is repeated: exactly `count` times, or as often as fits into `seconds` of real
// time, but at least `at_least` times.
struct Repeats {
  std::optional<Integer> count;
  double seconds = 4;
  Integer at_least = 5;
  std::optional<Phase> only = std::nullopt;  // absent: both phases
};

// Called after each stretch of steps with everything timed so far.
using Observer = std::function<void(const Measurement& so_far)>;

// Runs each phase once for warm-up and counting and then repeats it, probing the limits in between.
// `so_far` holds what is known beforehand: the model's name, the setting, what is held.
Measurement measure(const Model& model, const Repeats& repeats, Measurement so_far, Bench& bench,
                    const Observer& observe);

}  // namespace llmarch
