// The bench that really times: a model's weights in memory, the engine with the fast kernels, and
// the probe of this machine.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "kernels/fast/huge_memory.h"
#include "kernels/measure/measure.h"

namespace llmarch {

class EngineBench : public Bench {
 public:
  // `make` makes the engine of the graph that it is given, which is this bench's own.
  EngineBench(OpGraph graph, const std::function<fast::Engine(const OpGraph&)>& make);

  LimitReadings probe(double seconds) override;
  fast::StepRun run(Phase phase, const Workload& workload) override;
  [[nodiscard]] Elements parameters() const override { return engine_.parameters(); }

 private:
  std::span<const std::byte> probed_memory();

  const OpGraph graph_;
  fast::Engine engine_;
  std::optional<Phase> phase_;  // the phase whose past the caches hold
  fast::EngineSnapshot before_step_{};
  std::size_t probes_ = 0;
  std::optional<fast::HugeMemory> own_;  // memory to probe, where the weights are too few
};

}  // namespace llmarch
