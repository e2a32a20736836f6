// The fixed state of one layer: for each sequence one row, which every step reads and overwrites.
// It lies as it is stored, row by row, so that a copy of its bytes is a snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fast/cache_format.h"
#include "kernels/fast/huge_memory.h"

namespace llmarch::fast {

struct StateShape {
  CacheFormat format;  // one without scales
  std::size_t sequences;
  std::size_t columns;  // of a sequence's row
};

class FixedState {
 public:
  // All zero. The memory must outlive the state.
  FixedState(HugeMemory& memory, const StateShape& shape);
  // What it takes of a HugeMemory.
  static std::size_t bytes(const StateShape& shape);

  // The elements of a sequence's row from column `first` on. Threads may use different elements at
  // one time. Throws std::invalid_argument for elements that are not there.
  void read(std::size_t sequence, std::size_t first, std::span<float> elements) const;
  void write(std::size_t sequence, std::size_t first, std::span<const float> elements);
  // The row of a sequence where it lies, for kernels that change it there. Throws
  // std::invalid_argument where it is not stored in f32.
  [[nodiscard]] std::span<float> floats(std::size_t sequence);
  void clear();
  // Values from the seed, evenly from (-1, 1).
  void fill_synthetic(std::uint64_t seed);

  [[nodiscard]] const StateShape& shape() const { return shape_; }
  [[nodiscard]] std::span<std::byte> memory() { return {data_, bytes(shape_)}; }
  [[nodiscard]] std::span<const std::byte> memory() const { return {data_, bytes(shape_)}; }

 private:
  StateShape shape_;
  std::byte* data_;
};

}  // namespace llmarch::fast
