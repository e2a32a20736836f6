#include "kernels/measure/timed_engine.h"

#include <cstring>
#include <vector>

namespace llmarch {
namespace {

// Several times what the processor's caches hold, and small compared with a model's weights.
constexpr std::size_t kEnoughToProbe = std::size_t{192} << 20;

// Spreads the ids over the vocabulary, so that no two neighbouring rows of a table are looked up in
// turn.
std::vector<std::int64_t> token_ids(Integer count, Integer vocabulary) {
  constexpr std::int64_t kStep = 7919;
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < count.value(); ++i) {
    ids.push_back((i + 1) * kStep % vocabulary.value());
  }
  return ids;
}

}  // namespace

EngineBench::EngineBench(OpGraph graph, const std::function<fast::Engine(const OpGraph&)>& make)
    : graph_(std::move(graph)), engine_(make(graph_)) {}

LimitReadings EngineBench::probe(double seconds) {
  const std::span<const std::byte> weights = engine_.weight_memory();
  return read_limits(engine_.team(), weights.size() >= kEnoughToProbe ? weights : probed_memory(),
                     probes_++, seconds);
}

// Memory to probe where the model's weights are too few. Every page is written once, since reading
// an untouched page does not read memory.
std::span<const std::byte> EngineBench::probed_memory() {
  if (!own_) {
    own_.emplace(kEnoughToProbe);
    std::byte* const bytes = own_->take(kEnoughToProbe);
    std::memset(bytes, 1, kEnoughToProbe);
  }
  return own_->pieces();
}

// The past of a decode step is made once; each repeat starts from a snapshot of it.
fast::StepRun EngineBench::run(Phase phase, const Workload& workload) {
  if (phase_ == phase && phase == Phase::decode) {
    engine_.restore(before_step_);
  } else {
    engine_.forget();
    if (workload.past > 0) engine_.assume_past(workload.past);
    before_step_ = engine_.snapshot();
  }
  phase_ = phase;
  return engine_.run(workload,
                     token_ids(workload.batch * workload.tokens, token_vocabulary(graph_)));
}

}  // namespace llmarch
