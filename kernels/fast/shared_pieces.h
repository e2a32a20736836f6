// How work in pieces that are all alike falls to threads, which are never equally fast. Each has an
// equal share of them, and goes through it in order, so that it reads its memory in one line; who
// is through takes what stands last in the share of another. Which pieces there are does not depend
// on who takes them.
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

  // Pieces that no other takes, in one stretch: the thread's share but for the last eighth, and all
  // there are where it is alone.
  [[nodiscard]] Share certain(std::size_t thread) const {
    const Share own = share(thread);
    if (left_.size() == 1) return own;
    return {own.first, own.last - (own.last - own.first) / kShared};
  }

  // After those, one piece after the other until none is left.
  std::optional<std::size_t> next(std::size_t thread) {
    std::optional<std::size_t> piece = take_first(left_[thread].range);
    for (std::size_t i = 1; i < left_.size() && !piece; ++i) {
      piece = take_last(left_[(thread + i) % left_.size()].range);
    }
    return piece;
  }

 private:
  static constexpr std::size_t kShared = 8;

  using Range = std::atomic<std::uint64_t>;  // both ends of it, to be changed at once
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

  // Nothing but the number of a piece passes from thread to thread here.
  static std::optional<std::size_t> take_first(Range& range) {
    std::uint64_t now = range.load(std::memory_order_relaxed);
    for (;;) {
      const auto [first, last] = unpacked(now);
      if (first == last) return std::nullopt;
      if (range.compare_exchange_weak(now, packed({first + 1, last}), std::memory_order_relaxed)) {
        return first;
      }
    }
  }
  static std::optional<std::size_t> take_last(Range& range) {
    std::uint64_t now = range.load(std::memory_order_relaxed);
    for (;;) {
      const auto [first, last] = unpacked(now);
      if (first == last) return std::nullopt;
      if (range.compare_exchange_weak(now, packed({first, last - 1}), std::memory_order_relaxed)) {
        return last - 1;
      }
    }
  }

  std::size_t pieces_;
  std::vector<Left> left_;
};

}  // namespace llmarch::fast
