#include "sim/cli/run/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace llmarch::cli {
namespace {

// A stage that takes longer than expected is shown as nearly done until it ends.
constexpr double kNearlyOver = 0.95;
constexpr std::size_t kWidestBar = 40;

std::string time_left(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 100) return fmt::format("{} s left", whole);
  return fmt::format("{} min {:02} s left", whole / 60, whole % 60);
}

}  // namespace

void Progress::begin(std::size_t stage, double now) {
  current_ = stage;
  began_ = now;
}

double Progress::all() const {
  double sum = 0;
  for (const Stage& stage : stages_) sum += stage.expected_seconds;
  return sum;
}

double Progress::over(double now) const {
  double sum = 0;
  for (std::size_t i = 0; i < current_; ++i) sum += stages_[i].expected_seconds;
  const double expected = stages_.at(current_).expected_seconds;
  return sum + std::clamp(now - began_, 0.0, expected * kNearlyOver);
}

double Progress::done(double now) const {
  const double sum = all();
  return sum > 0 ? over(now) / sum : 0;
}

double Progress::seconds_left(double now) const {
  return all() - over(now);
}

std::string Progress::line(double now, std::size_t width) const {
  const double part = done(now);
  const std::string before = stages_.at(current_).name + " [";
  const std::string after =
      fmt::format("] {:2.0f} %, {}", std::floor(part * 100), time_left(seconds_left(now)));
  const std::size_t taken = before.size() + after.size();
  if (taken + 4 > width) return (stages_.at(current_).name + after.substr(1)).substr(0, width);
  const std::size_t bar = std::min(width - taken, kWidestBar);
  const auto full = static_cast<std::size_t>(part * static_cast<double>(bar));
  return before + std::string(full, '#') + std::string(bar - full, '-') + after;
}

}  // namespace llmarch::cli
