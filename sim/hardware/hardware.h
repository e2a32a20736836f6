// Hardware: what a roofline needs to know of a machine, as plain values, each with its source. How
// a file holds it is known by hardware_fields.h and hardware_file.h, what it costs to run there by
// sim/cost/roofline.h.
#pragma once

#include <optional>
#include <string>

#include "sim/units.h"

namespace llmarch {

// Where weights, cache and activations have to fit.
struct MemoryCapacity {
  Integer bytes;
  std::string source;
};

// At which that memory is read.
struct ReadBandwidth {
  double bytes_per_second = 0;
  std::string source;
};

// The rate of dense matrix products, a multiply and an add counted as two; never the sparse figure.
struct PeakRate {
  double flops_per_second = 0;
  std::string source;
};

// By the format of the operands. Absent: the machine has no faster way than a wider format's.
struct PeakRates {
  PeakRate f32;  // of f32 itself, not of tf32
  std::optional<PeakRate> bf16;
  std::optional<PeakRate> f16;
  std::optional<PeakRate> fp8;
  std::optional<PeakRate> int8;
  std::optional<PeakRate> int4;
  std::optional<PeakRate> fp4;
};

struct Hardware {
  std::string name;   // as the command line calls it
  std::string title;  // as its makers do
  MemoryCapacity memory;
  ReadBandwidth bandwidth;
  PeakRates peak;
};

}  // namespace llmarch
