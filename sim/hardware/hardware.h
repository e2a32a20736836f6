// Hardware: what a roofline needs to know of a machine, as plain values, each with its source. How
// a file holds it is known by hardware_fields.h and hardware_file.h, what it costs to run there by
// sim/cost/roofline.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/hardware/measured.h"
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
// Makers do not state all, and what is not stated is never guessed.
struct PeakRates {
  std::optional<PeakRate> f32 = {};  // of f32 itself, not of tf32
  std::optional<PeakRate> bf16 = {};
  std::optional<PeakRate> f16 = {};
  std::optional<PeakRate> fp8 = {};
  std::optional<PeakRate> int8 = {};
  std::optional<PeakRate> int4 = {};
  std::optional<PeakRate> fp4 = {};
};

// What a device sends to others through all of its links of one kind together.
struct Link {
  double bytes_per_second = 0;                 // in one direction
  std::optional<double> latency_seconds = {};  // of the shortest message, where it is stated
  std::string source;
};

// The most devices that a link joins: a board, a rack.
struct LargestSystem {
  std::optional<std::string> name;  // of a system of that many, where its makers name it
  Integer devices;
  std::string source;
};

struct Hardware {
  std::string name;                                      // as the command line calls it
  std::optional<std::vector<std::string>> aliases = {};  // what else it may be called there
  std::string title;                                     // as its makers do
  MemoryCapacity memory;
  ReadBandwidth bandwidth;
  PeakRates peak = {};
  std::optional<Link> link = {};             // between the devices of one system
  std::optional<Link> fabric = {};           // between systems
  std::optional<LargestSystem> system = {};  // absent: a link joins any number
  std::optional<std::string> host = {};      // a machine's name, where no other can be its host
  std::optional<Link> host_link = {};        // to the memory of a host

  // How many of the device are used, as "8xh100-sxm" or "2x8xh100-sxm" says: no fields of the file.
  // All figures above are those of one device.
  Integer devices = 1;  // in each system
  Integer systems = 1;
  // What operations take on one device; null where none were measured. No field of the file.
  std::shared_ptr<const MachineTimes> times = {};

  // The machine that `host` names; null where it names none. No field of the file.
  std::shared_ptr<const Hardware> host_machine = {};

  [[nodiscard]] Integer all_devices() const { return devices * systems; }
  [[nodiscard]] Integer memory_bytes() const { return all_devices() * memory.bytes; }
  // Whether steps can be estimated: several devices were not measured together.
  [[nodiscard]] bool has_estimates() const { return times != nullptr && all_devices() == 1; }
};

}  // namespace llmarch
