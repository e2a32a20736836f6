#include "kernels/measure/measurement.h"

#include <stdexcept>

namespace llmarch {
namespace {

bool agrees(const std::optional<Pair>& pair) {
  return !pair || pair->exact();
}

bool agrees(const std::optional<TimedStep>& step) {
  return step && step->differences.empty();
}

}  // namespace

Rates rates_of(const MachineLimits& limits, DType arithmetic) {
  switch (arithmetic) {
    case DType::f32: return {arithmetic, limits.f32_flops, limits.read_bandwidth};
    case DType::bf16: return {arithmetic, limits.bf16_flops, limits.read_bandwidth};
    case DType::int8: return {arithmetic, limits.int8_operations, limits.read_bandwidth};
    case DType::f16:
    case DType::fp8:
    case DType::int4:
    case DType::fp4: break;
  }
  throw std::logic_error("rates_of: a format that the kernels do not have");
}

bool Measurement::whole() const {
  return held.layers == held.of_layers && held.experts == held.of_experts;
}

bool Measurement::exact() const {
  return parameters && cache && agrees(parameters) && agrees(active_parameters) && agrees(cache) &&
         agrees(decode) && agrees(prefill);
}

MachineLimits Measurement::limits() const {
  if (!decode && !prefill) return {};
  MachineLimits limits = prefill ? prefill->limits : decode->limits;
  if (decode) limits.read_bandwidth = decode->limits.read_bandwidth;
  return limits;
}

bool below_floor(const TimedStep& step) {
  return step.seconds.median < step.floor.seconds;
}

}  // namespace llmarch
