// A machine with round rates, for tests that need some floor and whose memory is never full.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/setting/setting.h"

namespace llmarch {

// 10^12 bytes and 10^14 FLOPs in f32 a second, and 2^40 bytes of memory.
inline Machine toy_machine() {
  return std::make_shared<const Hardware>(Hardware{.name = "toy",
                                                   .title = "Toy",
                                                   .memory = {std::int64_t{1} << 40, "-"},
                                                   .bandwidth = {1e12, "-"},
                                                   .peak = {.f32 = PeakRate{1e14, "-"}}});
}

}  // namespace llmarch
