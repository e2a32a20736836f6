// probe: what this machine can do at most, right now: how fast memory is read and how fast
// registers multiply. Other loads and clock rates move these limits within minutes, so a share of
// them is worth quoting only against a probe taken beside the run.
//
// Each limit is the highest reading of the best loop, never a mean or a median: what was reached
// once can be reached, and a share of less would be flattered. Beside a run the probe is taken
// before, between and after the steps; which readings a step is held against is known by
// sim/study/measurement.h.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/fast/team.h"

namespace llmarch {

struct Probe {
  std::size_t threads = 0;
  fast::Isa isa{};
  double read_bandwidth = 0;  // bytes per second, from memory
  // Operations per second, a multiply and an add being two; sums in f32, for int8 in int32. The
  // best that the team's instruction set has: bf16 without instructions of its own goes as f32.
  double f32_peak = 0, bf16_peak = 0, int8_peak = 0;
  double seconds = 0;  // that it took
};

// full: every reader and kernel, some seconds. beside_a_run: the readers that usually win, and
// fewer repeats, some tenths of a second.
enum class Effort { full, beside_a_run };

// Reads `memory`, which something wrote before (untouched pages are not read from memory) and which
// is several times what the caches hold; a GiB of it is enough.
Probe probe(fast::Team& team, std::span<const std::byte> memory, Effort effort);

// The same over memory of its own, a GiB while it lasts.
Probe probe(fast::Team& team, Effort effort);

}  // namespace llmarch
