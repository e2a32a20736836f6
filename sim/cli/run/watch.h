// A thread that watches a long run: it redraws a progress line on a terminal's standard error, and
// it waits for Ctrl-C (SIGINT) and SIGTERM. The run itself does neither, so that it is not slowed
// down and can be ended in the middle of a step.
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <thread>

namespace llmarch::cli {

// Blocks the two signals in this thread and in threads started from here on. During its lifetime
// only a Watch receives them.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  HeldSignals(HeldSignals&&) = delete;
  HeldSignals& operator=(HeldSignals&&) = delete;
  [[nodiscard]] const sigset_t& set() const { return signals_; }

 private:
  sigset_t signals_;
  sigset_t before_;
};

class Watch {
 public:
  // Returns the line to draw, for a terminal of that width.
  using Draw = std::function<std::string(std::size_t width)>;
  // Called after a signal, before the process ends with status 128 + the signal's number.
  using LastWords = std::function<void()>;

  Watch(const HeldSignals& held, Draw draw, LastWords last_words);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  Watch(Watch&&) = delete;
  Watch& operator=(Watch&&) = delete;

 private:
  void run(const std::stop_token& stop);

  const HeldSignals& held_;
  Draw draw_;
  LastWords last_words_;
  std::jthread thread_;
};

}  // namespace llmarch::cli
