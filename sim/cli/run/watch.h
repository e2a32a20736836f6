// A thread that watches a long run: it redraws a progress line on a terminal's standard error, and
// it waits for Ctrl-C (SIGINT) and SIGTERM. The run itself does neither, so that it is not slowed
// down and can be ended in the middle of a step.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <thread>

namespace llmarch::cli {

class Watch {
 public:
  // Returns the line to draw, for a terminal of that width.
  using Draw = std::function<std::string(std::size_t width)>;
  // Called after a signal, before the process ends with status 128 + the signal's number.
  using LastWords = std::function<void()>;

  // From here on, and while it lives, neither signal ends the process by itself; one that was
  // ignored stays ignored.
  Watch(Draw draw, LastWords last_words);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  Watch(Watch&&) = delete;
  Watch& operator=(Watch&&) = delete;

 private:
  void run(const std::stop_token& stop);

  using Handler = void (*)(int);

  Draw draw_;
  LastWords last_words_;
  std::array<Handler, 2> before_;  // what the signals did
  std::jthread thread_;
};

}  // namespace llmarch::cli
