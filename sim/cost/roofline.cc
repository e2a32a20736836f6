#include "sim/cost/roofline.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace llmarch {
namespace {

// The format that can hold all numbers of this one, or nearly: its peak stands in where a machine
// has none of this one's own. bf16 and f16 stand in for each other.
std::optional<DType> wider(DType dtype) {
  switch (dtype) {
    case DType::int4: return DType::int8;
    case DType::int8:
    case DType::fp4: return DType::fp8;
    case DType::fp8: return DType::bf16;
    case DType::bf16: return DType::f16;
    case DType::f16: return DType::f32;
    case DType::f32: return std::nullopt;
  }
  throw std::logic_error("wider: a dtype outside the enumeration");
}

const PeakRate* peak_of(const PeakRates& peak, DType dtype) {
  const auto listed = [](const std::optional<PeakRate>& rate) { return rate ? &*rate : nullptr; };
  switch (dtype) {
    case DType::f32: return &peak.f32;
    case DType::bf16: return listed(peak.bf16);
    case DType::f16: return listed(peak.f16);
    case DType::fp8: return listed(peak.fp8);
    case DType::int8: return listed(peak.int8);
    case DType::int4: return listed(peak.int4);
    case DType::fp4: return listed(peak.fp4);
  }
  throw std::logic_error("peak_of: a dtype outside the enumeration");
}

}  // namespace

Rates rates_of(const Hardware& hardware, DType arithmetic) {
  const double bandwidth = hardware.bandwidth.bytes_per_second;
  const bool by_bf16 = arithmetic == DType::f16 && !hardware.peak.f16;
  for (std::optional<DType> dtype = by_bf16 ? DType::bf16 : arithmetic; dtype;
       dtype = wider(*dtype)) {
    const PeakRate* rate = peak_of(hardware.peak, *dtype);
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
