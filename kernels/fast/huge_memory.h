// Memory for weights and caches: one mapping, on huge pages where the system has them, handed out
// piece by piece and freed as a whole. A page takes up memory when it is first touched. Reading a
// stream was a twentieth faster from huge pages than from small ones.
#pragma once

#include <cstddef>
#include <span>

namespace llmarch::fast {

class HugeMemory {
 public:
  // Reserves addresses, not memory. Throws std::bad_alloc when the system refuses even those.
  explicit HugeMemory(std::size_t bytes);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept;
  HugeMemory& operator=(HugeMemory&&) = delete;
  HugeMemory(const HugeMemory&) = delete;
  HugeMemory& operator=(const HugeMemory&) = delete;

  // The next `bytes` bytes, zeros, aligned to a cache line. Throws std::bad_alloc beyond the end.
  std::byte* take(std::size_t bytes);
  [[nodiscard]] std::size_t taken() const { return taken_; }
  // Everything that was handed out so far.
  [[nodiscard]] std::span<const std::byte> pieces() const { return {start_, taken_}; }
  // The bytes that `take` uses for that many, from which a caller adds up what to reserve.
  static std::size_t rounded(std::size_t bytes);

 private:
  std::byte* start_ = nullptr;
  std::size_t reserved_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace llmarch::fast
