// probe: the most that this machine can do right now: how fast it reads memory and how fast it
// multiplies in registers. Other loads and clock rates change these limits within minutes, so a
// share of them is worth quoting only against a probe taken beside the run.
//
// On its own, a probe reports the highest reading of the best loop. Beside a run it reports the
// best loop's middle reading: a reading takes a few hundredths of a second and so catches peaks
// that no step ten times as long can sustain. On a shared machine a reader, run as if it were a
// model, reached 86 to 93 % of the highest readings around it and 89 to 96 % of the middle ones.
// The best of several loops still exceeds what most of them reach, so a share of it is not
// flattered. Between the steps of a run every loop is run for a short time; how those readings
// become limits is known by kernels/measure/paired_limits.h.
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
  // Operations per second, a multiply and an add counting as two; sums are in f32, for int8 in
  // int32. The best of the team's instruction set; bf16 without instructions of its own runs as
  // f32.
  double f32_peak = 0, bf16_peak = 0, int8_peak = 0;
  double seconds = 0;  // how long the probe took
};

// full: every reader and kernel, highest reading; takes some seconds. beside_a_run: the readers
// that usually win, fewer repeats, middle reading; takes some tenths of a second.
enum class Effort { full, beside_a_run };

// One figure from at least one reading of a loop: the highest, or beside a run the middle one.
double reading_of(std::vector<double> readings, Effort effort);

// Reads `memory`, which must have been written before (untouched pages are not read from memory)
// and be several times as large as the caches; a GiB is enough.
Probe probe(fast::Team& team, std::span<const std::byte> memory, Effort effort);

// The same over a temporary GiB of its own.
Probe probe(fast::Team& team, Effort effort);

// One reading of each loop, per second; always the same loops in the same order.
struct LimitReadings {
  std::vector<double> read;             // bytes, by reader
  std::vector<double> f32, bf16, int8;  // operations, by kernel
};

// Takes about `seconds` in all, and at least some hundredths of a second: each loop runs once, and
// again until its part of the seconds is over. The readers that usually win read `memory` (as for a
// probe), a different fifth of it each time, so that none finds in a cache what another has just
// read. Each turn starts with a different fifth, since pages are not equally fast.
LimitReadings read_limits(fast::Team& team, std::span<const std::byte> memory, std::size_t turn,
                          double seconds);

}  // namespace llmarch
