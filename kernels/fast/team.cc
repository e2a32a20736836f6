#include "kernels/fast/team.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kernels/fast/huge_memory.h"

namespace llmarch::fast {
namespace {

// A decode step is some hundred short pieces of work, one after another. A waiting thread polls for
// the next one for some microseconds before it sleeps. So handing out a piece takes a third of a
// microsecond, and a team without work leaves its cores to other programs.
constexpr int kLooksBeforeSleep = 4'000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns once `counter` is no longer `old`.
void wait_for_change(const std::atomic<std::uint64_t>& counter, std::uint64_t old) {
  for (int look = 0; look < kLooksBeforeSleep; ++look) {
    if (counter.load(std::memory_order_acquire) != old) return;
    pause_briefly();
  }
  counter.wait(old, std::memory_order_acquire);
}

}  // namespace

struct Team::State {
  Job job{};
  bool ending = false;
  alignas(64) std::atomic<std::uint64_t> started{0};   // runs handed out
  alignas(64) std::atomic<std::uint64_t> finished{0};  // parts of runs that other threads have done
  std::vector<std::jthread> others;
  std::optional<HugeMemory> scratch;
  std::size_t scratch_bytes = 0;

  void end() {
    ending = true;
    started.fetch_add(1, std::memory_order_release);
    started.notify_all();
  }

  void work(std::size_t thread) {
    for (std::uint64_t seen = 0;; ++seen) {
      wait_for_change(started, seen);
      if (ending) return;
      job.call(job.context, thread);
      finished.fetch_add(1, std::memory_order_release);
      finished.notify_one();
    }
  }
};

Team::Team(std::size_t threads, Isa isa)
    : threads_(threads), isa_(isa), state_(std::make_unique<State>()) {
  if (threads == 0) throw std::invalid_argument("a team of no threads");
  const std::vector<Isa> isas = available_isas();
  if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
    throw std::invalid_argument("this CPU has no " + std::string(name_of(isa)));
  }
  try {
    for (std::size_t thread = 1; thread < threads; ++thread) {
      state_->others.emplace_back([this, thread] { state_->work(thread); });
    }
  } catch (...) {
    state_->end();  // else joining the threads that were started would wait for ever
    throw;
  }
}

Team::~Team() {
  state_->end();
}

void Team::run_on_all(Job job) {
  if (threads_ > 1) {
    state_->job = job;
    state_->started.fetch_add(1, std::memory_order_release);
    state_->started.notify_all();
  }
  job.call(job.context, 0);
  const std::uint64_t all = state_->started.load(std::memory_order_relaxed) * (threads_ - 1);
  for (;;) {
    const std::uint64_t done = state_->finished.load(std::memory_order_acquire);
    if (done == all) return;
    wait_for_change(state_->finished, done);
  }
}

std::byte* Team::scratch(std::size_t bytes) {
  if (bytes > state_->scratch_bytes) {
    state_->scratch.reset();
    state_->scratch.emplace(bytes);
    state_->scratch_bytes = bytes;
  }
  return state_->scratch->take(0);
}

}  // namespace llmarch::fast
