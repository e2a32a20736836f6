// How equal pieces of work are divided among threads, which are never equally fast. Each thread has
// an equal share and works through it in order, so that it reads its memory consecutively; a thread
// that finishes takes the last piece of another's share. The pieces' borders do not depend on who
// takes them.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/fast/team.h"

namespace llmarch::fast {

class SharedPieces {
 public:
  // Fewer than 2^32 pieces.
  SharedPieces(std::size_t pieces, std::size_t threads) : pieces_(pieces), left_(threads) {
    for (std::size_t thread = 0; thread < threads; ++thread) {
      left_[thread].range = packed({certain(thread).last, share(thread).last});
    }
  }

  // The pieces of the thread's share that no other thread can take, as one range: all but its last
  // eighth, or everything where it is the only thread.
  [[nodiscard]] Share certain(std::size_t thread) const {
    const Share own = share(thread);
    if (left_.size() == 1) return own;
    return {own.first, own.last - (own.last - own.first) / kShared};
  }

  // After the certain pieces: the next piece for this thread, until none is left.
  std::optional<std::size_t> next(std::size_t thread) {
    std::optional<std::size_t> piece = take_first(left_[thread].range);
    for (std::size_t i = 1; i < left_.size() && !piece; ++i) {
      piece = take_last(left_[(thread + i) % left_.size()].range);
    }
    return piece;
  }

 private:
  static constexpr std::size_t kShared = 8;

  using Range = std::atomic<std::uint64_t>;  // both ends in one word, so that they change together
  struct alignas(64) Left {
    Range range;
  };

  [[nodiscard]] Share share(std::size_t thread) const {
    return share_of(pieces_, thread, left_.size());
  }

  static std::uint64_t packed(Share range) {
    return std::uint64_t{range.first} << 32U | std::uint64_t{range.last};
  }
  static Share unpacked(std::uint64_t range) { return {range >> 32U, range & 0xffffffffU}; }

  static std::optional<std::size_t> take_first(Range& range) {
    const Share before = shorten(range, {1, 0});
    return before.first < before.last ? std::optional(before.first) : std::nullopt;
  }
  static std::optional<std::size_t> take_last(Range& range) {
    const Share before = shorten(range, {0, 1});
    return before.first < before.last ? std::optional(before.last - 1) : std::nullopt;
  }

  // Shortens the range by that much at each end, unless it is empty, and returns the range before.
  // Relaxed order suffices, since threads exchange only the numbers of pieces here.
  static Share shorten(Range& range, Share by) {
    std::uint64_t now = range.load(std::memory_order_relaxed);
    for (;;) {
      const Share before = unpacked(now);
      if (before.first == before.last) return before;
      const std::uint64_t after = packed({before.first + by.first, before.last - by.last});
      if (range.compare_exchange_weak(now, after, std::memory_order_relaxed)) return before;
    }
  }

  std::size_t pieces_;
  std::vector<Left> left_;
};

}  // namespace llmarch::fast
