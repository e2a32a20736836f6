// A team of threads and the instruction set that they use, the first argument of every fast kernel.
// This file knows how work reaches the threads; how it is divided is known by each kernel.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "kernels/fast/isa.h"

namespace llmarch::fast {

// With fewer elements, waking the team takes more time than it saves.
inline constexpr std::size_t kWorthATeam = 16'384;

class Team {
 public:
  // `threads`, at least 1, counts the caller. Throws std::invalid_argument for an instruction set
  // that is not available here, std::system_error when the system refuses a thread.
  Team(std::size_t threads, Isa isa);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  Team(Team&&) = delete;
  Team& operator=(Team&&) = delete;

  [[nodiscard]] std::size_t size() const { return threads_; }
  [[nodiscard]] Isa isa() const { return isa_; }
  // In how many streams a thread should read memory: 1, 2 or 4, as memory_streams.h finds out.
  [[nodiscard]] std::size_t streams() const { return streams_; }
  void use_streams(std::size_t streams) { streams_ = streams; }

  // Calls body(thread) once on each thread, from 0 (the caller) on, and returns when all have
  // finished. The body must not throw or start a run of its own.
  template <class Body>
  void run(const Body& body) {
    const auto call = [](const void* context, std::size_t thread) {
      (*static_cast<const Body*>(context))(thread);
    };
    run_on_all({call, &body});
  }

  // Memory for a kernel's use: at least that many bytes, aligned to a page, with whatever the last
  // user left in it. It is the caller's until the next call.
  std::byte* scratch(std::size_t bytes);

 private:
  struct Job {
    void (*call)(const void* context, std::size_t thread);
    const void* context;
  };
  struct State;
  void run_on_all(Job job);

  std::size_t threads_;
  Isa isa_;
  std::size_t streams_ = 4;
  std::unique_ptr<State> state_;
};

// The part of `count` items that belongs to a thread: from `first` up to, not including, `last`.
struct Share {
  std::size_t first, last;
};
constexpr Share share_of(std::size_t count, std::size_t thread, std::size_t threads) {
  return {count * thread / threads, count * (thread + 1) / threads};
}

}  // namespace llmarch::fast
