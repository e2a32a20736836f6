#include "sim/cli/run/watch.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenLines{250};
constexpr std::size_t kUsualWidth = 80;
constexpr int kSignalled = 128;  // what shells add to a signal's number
constexpr std::array kSignals{SIGINT, SIGTERM};

std::atomic<int> received{0};  // a handler may do no more than write it

void keep(int signal) {
  received = signal;
}

std::array<void (*)(int), kSignals.size()> keep_signals() {
  received = 0;
  std::array<void (*)(int), kSignals.size()> before{};
  for (std::size_t at = 0; at < kSignals.size(); ++at) {
    before.at(at) = std::signal(kSignals.at(at), keep);
    if (before.at(at) == SIG_IGN) std::signal(kSignals.at(at), SIG_IGN);
  }
  return before;
}

// None when standard error is not a terminal, and so no line is drawn.
std::size_t line_width() {
  if (!system::is_terminal(system::kStandardError)) return 0;
  const std::size_t width = system::columns(system::kStandardError).value_or(0);
  return width > 1 ? width - 1 : kUsualWidth;
}

void put(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

void clear_line() {
  if (line_width() > 0) put("\r\x1b[K");
}

}  // namespace

Watch::Watch(Draw draw, LastWords last_words)
    : draw_(std::move(draw)),
      last_words_(std::move(last_words)),
      before_(keep_signals()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Watch::~Watch() {
  thread_.request_stop();
  thread_.join();
  clear_line();
  for (std::size_t at = 0; at < kSignals.size(); ++at) std::signal(kSignals.at(at), before_.at(at));
  if (received != 0) std::raise(received);
}

void Watch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(kBetweenLines);
    if (const int signal = received; signal != 0) {
      clear_line();
      last_words_();
      std::_Exit(kSignalled + signal);
    }
    const std::size_t width = line_width();
    if (width > 0 && !stop.stop_requested()) put("\r" + draw_(width) + "\x1b[K");
  }
}

}  // namespace llmarch::cli
