#include "sim/study/measurement.h"

#include <algorithm>
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

MachineLimits mean_of(const MachineLimits& before, const MachineLimits& after) {
  const auto mean = [&](double MachineLimits::*limit) {
    return (before.*limit + after.*limit) / 2;
  };
  return {mean(&MachineLimits::read_bandwidth), mean(&MachineLimits::f32_flops),
          mean(&MachineLimits::bf16_flops), mean(&MachineLimits::int8_operations)};
}

MachineLimits median_of(const std::vector<MachineLimits>& limits) {
  const auto median = [&](double MachineLimits::*limit) {
    std::vector<double> values;
    for (const MachineLimits& some : limits) values.push_back(some.*limit);
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  return {median(&MachineLimits::read_bandwidth), median(&MachineLimits::f32_flops),
          median(&MachineLimits::bf16_flops), median(&MachineLimits::int8_operations)};
}

Rates rates_of(const MachineLimits& limits, DType weights) {
  switch (weights) {
    case DType::f32: return {weights, limits.f32_flops, limits.read_bandwidth};
    case DType::bf16: return {weights, limits.bf16_flops, limits.read_bandwidth};
    case DType::f16:
    case DType::fp8:
    case DType::int8:
    case DType::int4: break;
  }
  throw std::logic_error("rates_of: a format that the kernels do not have");
}

Flops flops_of(const Work& work) {
  return work.matrix + work.other;
}

Bytes bytes_of(const Work& work, const Formats& formats) {
  return bytes_of(work.weights_read, formats.weights) +
         bytes_of(work.cache_read + work.cache_written, formats.kv);
}

bool Measurement::whole() const {
  return held.layers == held.of_layers && held.experts == held.of_experts;
}

bool Measurement::exact() const {
  return parameters && cache && agrees(parameters) && agrees(active_parameters) && agrees(cache) &&
         agrees(decode) && agrees(prefill);
}

bool below_floor(const TimedStep& step) {
  return step.seconds.median < step.floor.seconds;
}

}  // namespace llmarch
