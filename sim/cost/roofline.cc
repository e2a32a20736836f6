#include "sim/cost/roofline.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace llmarch {
namespace {

// From the narrowest on: each may stand in for those before it.
constexpr std::array kWidening{DType::int4, DType::int8, DType::fp8,
                               DType::bf16, DType::f16,  DType::f32};
static_assert(kWidening.size() == enumerator_count<DType>(), "every format has its place");

const PeakRate* peak_of(const PeakRates& peak, DType dtype) {
  const auto listed = [](const std::optional<PeakRate>& rate) { return rate ? &*rate : nullptr; };
  switch (dtype) {
    case DType::f32: return &peak.f32;
    case DType::bf16: return listed(peak.bf16);
    case DType::f16: return listed(peak.f16);
    case DType::fp8: return listed(peak.fp8);
    case DType::int8: return listed(peak.int8);
    case DType::int4: return listed(peak.int4);
  }
  throw std::logic_error("peak_of: a dtype outside the enumeration");
}

}  // namespace

Rates rates_of(const Hardware& hardware, DType weights) {
  const double bandwidth = hardware.bandwidth.bytes_per_second;
  const PeakRates& peak = hardware.peak;
  if (weights == DType::f16 && peak.f16) return {weights, peak.f16->flops_per_second, bandwidth};
  const DType narrowest = weights == DType::f16 ? DType::bf16 : weights;
  const auto* const first = std::find(kWidening.begin(), kWidening.end(), narrowest);
  for (const auto* dtype = first; dtype != kWidening.end(); ++dtype) {
    const PeakRate* rate = peak_of(peak, *dtype);
    if (rate != nullptr) return {*dtype, rate->flops_per_second, bandwidth};
  }
  throw std::logic_error("rates_of: f32 has no peak");
}

Floor floor_of(const Work& work, const Rates& rates) {
  Floor floor;
  floor.arithmetic_seconds = work.flops().amount().as_double() / rates.flops_per_second;
  floor.memory_seconds = work.bytes().amount().as_double() / rates.bytes_per_second;
  floor.seconds = std::max(floor.arithmetic_seconds, floor.memory_seconds);
  return floor;
}

}  // namespace llmarch
