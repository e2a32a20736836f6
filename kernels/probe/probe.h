// probe: what this machine can do at most, right now: how fast memory is read and how fast
// registers multiply. Other loads and clock rates move these limits within minutes, so a share of
// them is worth quoting only against a probe taken beside the run.
//
// By itself, a probe says what the machine can do: each limit is the highest reading of the best
// loop. Beside a run it says what a step could have had: the best loop's middle reading, since a
// reading takes a few hundredths of a second and catches moments that no step as long as ten of
// them gets. On a shared machine a reader, run as if it were a model, reached 86 to 93 % of the
// highest readings around it, and 89 to 96 % of the middle ones: the best of several loops is still
// more than most of them get, so that a share is not flattered. Between the steps of a run
// every loop is read for a short time; how such readings become limits is known by
// kernels/measure/paired_limits.h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

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

// full: every reader and kernel and the highest reading, some seconds. beside_a_run: the readers
// that usually win, fewer repeats and the middle reading, some tenths of a second.
enum class Effort { full, beside_a_run };

// What one loop's readings, at least one, come to: the highest, or beside a run the middle one.
double reading_of(std::vector<double> readings, Effort effort);

// Reads `memory`, which something wrote before (untouched pages are not read from memory) and which
// is several times what the caches hold; a GiB of it is enough.
Probe probe(fast::Team& team, std::span<const std::byte> memory, Effort effort);

// The same over memory of its own, a GiB while it lasts.
Probe probe(fast::Team& team, Effort effort);

// One reading of each loop, per second; the same loops in the same order each time.
struct LimitReadings {
  std::vector<double> read;             // bytes, by reader
  std::vector<double> f32, bf16, int8;  // operations, by kernel
};

// Takes about `seconds` in all, and some hundredths of a second at least: each loop is run once,
// and again while its part of the seconds is not over. The readers that usually win go over
// `memory` (as for a probe), a fifth of it at a time and each time another one, so that none finds
// in a cache what was just read; from turn to turn they begin with another, for pages are not
// equally fast.
LimitReadings read_limits(fast::Team& team, std::span<const std::byte> memory, std::size_t turn,
                          double seconds);

}  // namespace llmarch
