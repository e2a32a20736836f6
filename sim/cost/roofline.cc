#include "sim/cost/roofline.h"

#include <algorithm>
#include <limits>
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
    case DType::f32: return listed(peak.f32);
    case DType::bf16: return listed(peak.bf16);
    case DType::f16: return listed(peak.f16);
    case DType::fp8: return listed(peak.fp8);
    case DType::int8: return listed(peak.int8);
    case DType::int4: return listed(peak.int4);
    case DType::fp4: return listed(peak.fp4);
  }
  throw std::logic_error("peak_of: a dtype outside the enumeration");
}

// The format whose stated peak bounds products of `arithmetic`; none where no peak is stated.
std::optional<DType> binding_format(const PeakRates& peak, DType arithmetic) {
  const bool by_bf16 = arithmetic == DType::f16 && !peak.f16 && peak.bf16;
  for (std::optional<DType> dtype = by_bf16 ? DType::bf16 : arithmetic; dtype;
       dtype = wider(*dtype)) {
    if (peak_of(peak, *dtype) != nullptr) return dtype;
  }
  std::optional<DType> lowest;
  for (const auto& [name, dtype] : kDTypes) {
    const PeakRate* rate = peak_of(peak, dtype);
    if (rate == nullptr) continue;
    if (!lowest || rate->flops_per_second < peak_of(peak, *lowest)->flops_per_second) {
      lowest = dtype;
    }
  }
  return lowest;
}

}  // namespace

Rates rates_of_device(const Hardware& hardware, DType arithmetic) {
  Rates rates{arithmetic, std::numeric_limits<double>::infinity(),
              hardware.bandwidth.bytes_per_second};
  if (const auto dtype = binding_format(hardware.peak, arithmetic)) {
    rates.arithmetic = *dtype;
    rates.flops_per_second = peak_of(hardware.peak, *dtype)->flops_per_second;
  }
  return rates;
}

Rates rates_of(const Hardware& hardware, DType arithmetic) {
  const double devices = hardware.all_devices().as_double();
  Rates rates = rates_of_device(hardware, arithmetic);
  rates.flops_per_second *= devices;
  rates.bytes_per_second *= devices;
  return rates;
}

Floor floor_of(const Work& work, const Rates& rates) {
  Floor floor;
  floor.arithmetic_seconds = work.flops().amount().as_double() / rates.flops_per_second;
  floor.memory_seconds = work.bytes().amount().as_double() / rates.bytes_per_second;
  floor.seconds = std::max(floor.arithmetic_seconds, floor.memory_seconds);
  return floor;
}

}  // namespace llmarch
