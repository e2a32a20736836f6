#include "sim/cli/run/watch.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace llmarch::cli {
namespace {

constexpr timespec kBetweenLines{0, 250'000'000};
constexpr std::size_t kUsualWidth = 80;
constexpr int kSignalled = 128;  // what shells add to a signal's number

// None when standard error is not a terminal, and so no line is drawn.
std::size_t line_width() {
  if (isatty(STDERR_FILENO) != 1) return 0;
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col - std::size_t{1} : kUsualWidth;
}

void put(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

void clear_line() {
  if (line_width() > 0) put("\r\x1b[K");
}

}  // namespace

HeldSignals::HeldSignals() : signals_(), before_() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

HeldSignals::~HeldSignals() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Watch::Watch(const HeldSignals& held, Draw draw, LastWords last_words)
    : held_(held),
      draw_(std::move(draw)),
      last_words_(std::move(last_words)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Watch::~Watch() {
  thread_.request_stop();
  thread_.join();
  clear_line();
}

void Watch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const int signal = sigtimedwait(&held_.set(), nullptr, &kBetweenLines);
    if (signal > 0) {
      clear_line();
      last_words_();
      ::_exit(kSignalled + signal);
    }
    const std::size_t width = line_width();
    if (width > 0 && !stop.stop_requested()) put("\r" + draw_(width) + "\x1b[K");
  }
}

}  // namespace llmarch::cli
