// The progress of a long run as one line for a terminal: a bar and the remaining time. This file
// knows no clock and no terminal; watch.h connects it to both.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace llmarch::cli {

struct Stage {
  std::string name;  // "decode"
  double expected_seconds = 0;
};

class Progress {
 public:
  explicit Progress(std::vector<Stage> stages) : stages_(std::move(stages)) {}

  // Begins a stage at `now`, in seconds of any clock; the stages before it are over.
  void begin(std::size_t stage, double now);
  // Replaces the expected total time of the running stage.
  void expect(double seconds) { stages_.at(current_).expected_seconds = seconds; }

  // Both are estimated from what the stages were expected to take; a stage that exceeds it counts
  // as nearly done.
  [[nodiscard]] double done(double now) const;  // 0 to 1
  [[nodiscard]] double seconds_left(double now) const;

  // At most `width` columns, at least 20: "decode [#########-----------] 45 %, 12 s left".
  [[nodiscard]] std::string line(double now, std::size_t width) const;

 private:
  [[nodiscard]] double all() const;
  [[nodiscard]] double over(double now) const;

  std::vector<Stage> stages_;
  std::size_t current_ = 0;
  double began_ = 0;
};

}  // namespace llmarch::cli
