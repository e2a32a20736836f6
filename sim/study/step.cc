#include "sim/study/step.h"

#include <stdexcept>

namespace llmarch {

Step step_of(const Work& work, const Formats& formats) {
  Step step;
  step.work = work;
  step.flops = work.matrix + work.other;
  Traffic& traffic = step.traffic;
  traffic.weights_read = bytes_of(work.weights_read, formats.weights);
  traffic.cache_read = bytes_of(work.cache_read, formats.kv);
  traffic.cache_written = bytes_of(work.cache_written, formats.kv);
  traffic.total = traffic.weights_read + traffic.cache_read + traffic.cache_written;
  traffic.activations = bytes_of(work.activations_read + work.activations_written, kActivations);
  const double bytes = traffic.total.amount().as_double();
  step.intensity = bytes > 0 ? step.flops.amount().as_double() / bytes : 0;
  return step;
}

Formats formats_of(const Setting& setting) {
  return {setting.weights, setting.kv};
}

Workload workload_of(Phase phase, const Setting& setting) {
  switch (phase) {
    case Phase::decode: return decode(setting.context, setting.batch);
    case Phase::prefill: return prefill(setting.prefill_tokens(), setting.batch);
  }
  throw std::logic_error("workload_of: a phase outside the enumeration");
}

}  // namespace llmarch
