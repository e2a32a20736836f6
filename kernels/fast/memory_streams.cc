#include "kernels/fast/memory_streams.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

#include "kernels/fast/simd/kernels.h"

namespace llmarch::fast {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadUnit = 4096;
constexpr std::size_t kLeast = std::size_t{192} << 20U;  // more than most third-level caches hold
constexpr std::size_t kPiece = std::size_t{64} << 20U;
constexpr std::size_t kTurns = 15;
constexpr std::array<std::size_t, 3> kChoices{1, 2, 4};
constexpr double kNearly = 1.05;  // times the fastest

// The sums of what was read are stored here, so that the compiler does not remove the reading.
std::atomic<float> read_sums{0};

double median(std::array<double, kTurns> values) {
  std::sort(values.begin(), values.end());
  return values[kTurns / 2];
}

// The seconds of each choice, tried in turn over one piece of memory after another.
std::array<double, kChoices.size()> read_in_turn(Team& team, std::span<const std::byte> memory,
                                                 std::size_t turn) {
  std::array<double, kChoices.size()> seconds{};
  for (std::size_t i = 0; i < kChoices.size(); ++i) {
    const std::size_t piece = (turn * kChoices.size() + i) % (memory.size() / kPiece);
    seconds[i] = read_seconds(team, memory.subspan(piece * kPiece, kPiece), {kChoices[i], 0});
  }
  return seconds;
}

std::size_t fewest_of_the_fast(const std::array<double, kChoices.size()>& seconds) {
  const double fastest = *std::min_element(seconds.begin(), seconds.end());
  std::size_t i = 0;
  while (seconds[i] > kNearly * fastest) ++i;
  return kChoices[i];
}

}  // namespace

double read_seconds(Team& team, std::span<const std::byte> memory, const Reader& reader) {
  const auto read = simd::kernels_of(team.isa()).limits.read;
  const auto start = Clock::now();
  team.run([&](std::size_t thread) {
    const Share share = share_of(memory.size() / kReadUnit, thread, team.size());
    read_sums = read(memory.data() + share.first * kReadUnit,
                     (share.last - share.first) * kReadUnit, reader.streams, reader.ahead);
  });
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::size_t fastest_streams(Team& team, std::span<const std::byte> memory) {
  if (memory.size() < kLeast) return team.streams();
  // Relative to one stream in the same turn, because the memory's speed drifts within a second.
  std::array<std::array<double, kTurns>, kChoices.size()> ratios{};
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    const std::array<double, kChoices.size()> seconds = read_in_turn(team, memory, turn);
    for (std::size_t i = 0; i < kChoices.size(); ++i) ratios[i][turn] = seconds[i] / seconds[0];
  }
  return fewest_of_the_fast({median(ratios[0]), median(ratios[1]), median(ratios[2])});
}

}  // namespace llmarch::fast
