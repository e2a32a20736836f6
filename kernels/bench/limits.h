// The machine's limits while a benchmark runs, and counters for the share of them that it reached.
// Limits drift within minutes, so they are probed again before each benchmark.
#pragma once

#include <benchmark/benchmark.h>

#include "kernels/fast/stored.h"
#include "kernels/probe/probe.h"

namespace llmarch::bench {

// Counters are rates: benchmark divides them by the time that passed.
inline void count_bytes(benchmark::State& state, double bytes, const Probe& limits) {
  const double each = bytes * static_cast<double>(state.iterations());
  state.counters["GB/s"] = benchmark::Counter(each / 1e9, benchmark::Counter::kIsRate);
  state.counters["of_bandwidth"] =
      benchmark::Counter(each / limits.read_bandwidth, benchmark::Counter::kIsRate);
}

inline void count_flops(benchmark::State& state, double flops, double peak) {
  const double each = flops * static_cast<double>(state.iterations());
  state.counters["GFLOP/s"] = benchmark::Counter(each / 1e9, benchmark::Counter::kIsRate);
  state.counters["of_peak"] = benchmark::Counter(each / peak, benchmark::Counter::kIsRate);
}

inline double peak_of(const Probe& limits, fast::Stored stored) {
  return stored == fast::Stored::f32 ? limits.f32_peak : limits.bf16_peak;
}

}  // namespace llmarch::bench
