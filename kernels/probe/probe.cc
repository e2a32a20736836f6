#include "kernels/probe/probe.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

#include "kernels/fast/huge_memory.h"
#include "kernels/fast/memory_streams.h"
#include "kernels/fast/simd/kernels.h"

namespace llmarch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kGibibyte = std::size_t{1} << 30U;
constexpr std::size_t kReadUnit = 4096;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<fast::Reader> readers(Effort effort) {
  switch (effort) {
    case Effort::full:
      return {{1, 1024}, {1, 2048}, {1, 4096}, {2, 0}, {2, 1024}, {2, 2048},
              {4, 0},    {4, 1024}, {4, 2048}, {8, 0}, {8, 1024}};
    case Effort::beside_a_run: return {{1, 4096}, {2, 0}, {2, 2048}, {4, 0}, {4, 1024}};
  }
  throw std::logic_error("readers: an effort outside the enumeration");
}

int repeats(Effort effort) {
  switch (effort) {
    case Effort::full: return 5;
    case Effort::beside_a_run: return 3;
  }
  throw std::logic_error("repeats: an effort outside the enumeration");
}

// Reads whole pages, at most a GiB.
double read_rate(fast::Team& team, std::span<const std::byte> memory, const fast::Reader& reader) {
  const std::size_t units = std::min(memory.size(), kGibibyte) / kReadUnit;
  const std::span<const std::byte> some = memory.first(units * kReadUnit);
  return static_cast<double>(some.size()) / fast::read_seconds(team, some, reader);
}

double bandwidth(fast::Team& team, std::span<const std::byte> memory, Effort effort) {
  double best = 0;
  for (const fast::Reader& reader : readers(effort)) {
    std::vector<double> readings;
    for (int repeat = 0; repeat < repeats(effort); ++repeat) {
      readings.push_back(read_rate(team, memory, reader));
    }
    best = std::max(best, reading_of(std::move(readings), effort));
  }
  return best;
}

using Multiply = double (*)(std::size_t rounds, std::size_t variant);
constexpr std::size_t kVariants = 3;

double multiply_rate(fast::Team& team, Multiply multiply, std::size_t variant) {
  constexpr std::size_t kRounds = std::size_t{1} << 19U;
  std::vector<double> operations(team.size());
  const auto start = Clock::now();
  team.run([&](std::size_t thread) { operations[thread] = multiply(kRounds, variant); });
  return operations.front() * static_cast<double>(team.size()) / seconds_since(start);
}

double peak(fast::Team& team, Multiply multiply, Effort effort) {
  double best = 0;
  for (std::size_t variant = 0; variant < kVariants; ++variant) {
    std::vector<double> readings;
    for (int repeat = 0; repeat < repeats(effort); ++repeat) {
      readings.push_back(multiply_rate(team, multiply, variant));
    }
    best = std::max(best, reading_of(std::move(readings), effort));
  }
  return best;
}

// The harmonic mean of the rates of equal readings, repeated for `seconds` and at least once.
template <class Rate>
double rate_over(double seconds, Rate rate) {
  const auto start = Clock::now();
  double inverse = 0;
  double count = 0;
  do {
    inverse += 1 / rate();
    count += 1;
  } while (seconds_since(start) < seconds);
  return count / inverse;
}

std::vector<double> multiply_rates(fast::Team& team, Multiply multiply, double seconds) {
  std::vector<double> rates;
  for (std::size_t variant = 0; variant < kVariants; ++variant) {
    rates.push_back(rate_over(seconds, [&] { return multiply_rate(team, multiply, variant); }));
  }
  return rates;
}

}  // namespace

double reading_of(std::vector<double> readings, Effort effort) {
  switch (effort) {
    case Effort::full: return *std::max_element(readings.begin(), readings.end());
    case Effort::beside_a_run: {
      const auto middle = readings.begin() + std::ssize(readings) / 2;
      std::nth_element(readings.begin(), middle, readings.end());
      return *middle;
    }
  }
  throw std::logic_error("reading_of: an effort outside the enumeration");
}

Probe probe(fast::Team& team, std::span<const std::byte> memory, Effort effort) {
  const auto start = Clock::now();
  const fast::simd::LimitKernels& limits = fast::simd::kernels_of(team.isa()).limits;
  Probe found;
  found.threads = team.size();
  found.isa = team.isa();
  found.read_bandwidth = bandwidth(team, memory, effort);
  found.f32_peak = peak(team, limits.multiply_f32, effort);
  // Where there are no bf16 instructions, bf16 is widened and runs as fast as f32.
  found.bf16_peak = std::max(found.f32_peak, peak(team, limits.multiply_bf16, effort));
  found.int8_peak = peak(team, limits.multiply_int8, effort);
  found.seconds = seconds_since(start);
  return found;
}

LimitReadings read_limits(fast::Team& team, std::span<const std::byte> memory, std::size_t turn,
                          double seconds) {
  const std::vector<fast::Reader> usual = readers(Effort::beside_a_run);
  const std::size_t part = memory.size() / kReadUnit / usual.size() * kReadUnit;
  const double each = seconds / static_cast<double>(usual.size() + 3 * kVariants);
  LimitReadings found;
  for (std::size_t i = 0; i < usual.size(); ++i) {
    std::size_t place = i + turn;
    found.read.push_back(rate_over(each, [&] {
      return read_rate(team, memory.subspan(place++ % usual.size() * part, part), usual[i]);
    }));
  }
  const fast::simd::LimitKernels& limits = fast::simd::kernels_of(team.isa()).limits;
  found.f32 = multiply_rates(team, limits.multiply_f32, each);
  found.bf16 = multiply_rates(team, limits.multiply_bf16, each);
  found.int8 = multiply_rates(team, limits.multiply_int8, each);
  return found;
}

Probe probe(fast::Team& team, Effort effort) {
  fast::HugeMemory memory(kGibibyte);
  std::byte* const data = memory.take(kGibibyte);
  const std::size_t units = kGibibyte / kReadUnit;
  team.run([&](std::size_t thread) {
    const fast::Share share = fast::share_of(units, thread, team.size());
    std::fill(data + share.first * kReadUnit, data + share.last * kReadUnit, std::byte{0});
  });
  return probe(team, {data, kGibibyte}, effort);
}

}  // namespace llmarch
