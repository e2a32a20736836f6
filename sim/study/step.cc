#include "sim/study/step.h"

#include <stdexcept>

namespace llmarch {

Step step_of(const Work& work) {
  Step step;
  step.work = work;
  step.flops = work.flops();
  Traffic& traffic = step.traffic;
  traffic.weights_read = work.weight_bytes_read;
  traffic.cache_read = work.cache_bytes_read;
  traffic.cache_written = work.cache_bytes_written;
  traffic.total = work.bytes();
  traffic.activations = bytes_of(work.activations_read + work.activations_written, kActivations);
  const double bytes = traffic.total.amount().as_double();
  step.intensity = bytes > 0 ? step.flops.amount().as_double() / bytes : 0;
  return step;
}

OpGraph stored(const OpGraph& graph, const Setting& setting) {
  return with_formats(graph, uniform(setting.weights, setting.kv));
}

Workload workload_of(Phase phase, const Setting& setting) {
  switch (phase) {
    case Phase::decode: return decode(setting.context, setting.batch);
    case Phase::prefill: return prefill(setting.prefill_tokens(), setting.batch);
  }
  throw std::logic_error("workload_of: a phase outside the enumeration");
}

}  // namespace llmarch
