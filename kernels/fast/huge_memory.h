// Memory for weights and caches: one mapping on huge pages where the system gives them, handed out
// piece by piece and given back as a whole. A page costs memory when it is first touched, on the
// thread that touches it; a stream over huge pages is a twentieth faster than over small ones here.
#pragma once

#include <cstddef>
#include <span>

namespace llmarch::fast {

class HugeMemory {
 public:
  // Reserves addresses, not memory. Throws std::bad_alloc when even those are refused.
  explicit HugeMemory(std::size_t bytes);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept;
  HugeMemory& operator=(HugeMemory&&) = delete;
  HugeMemory(const HugeMemory&) = delete;
  HugeMemory& operator=(const HugeMemory&) = delete;

  // The next `bytes` bytes, zeros, aligned to a cache line. Throws std::bad_alloc beyond the end.
  std::byte* take(std::size_t bytes);
  [[nodiscard]] std::size_t taken() const { return taken_; }
  // All that was handed out so far.
  [[nodiscard]] std::span<const std::byte> pieces() const { return {start_, taken_}; }
  // What `take` uses up for that many bytes, for whoever adds up what to reserve.
  static std::size_t rounded(std::size_t bytes);

 private:
  std::byte* start_ = nullptr;
  std::size_t reserved_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace llmarch::fast
