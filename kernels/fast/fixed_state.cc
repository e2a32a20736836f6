#include "kernels/fast/fixed_state.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/fast/random_fill.h"

namespace llmarch::fast {
namespace {

// A multiple of 16, which is what random contents are made in.
std::size_t padded_elements(const StateShape& shape) {
  return (shape.sequences * shape.columns + 15) / 16 * 16;
}

void check_row(const StateShape& shape, std::size_t sequence, std::size_t columns) {
  if (sequence < shape.sequences && columns == shape.columns) return;
  throw std::invalid_argument("FixedState: a row that is not of this state");
}

}  // namespace

FixedState::FixedState(HugeMemory& memory, const StateShape& shape)
    : shape_(shape), data_(memory.take(bytes(shape))) {}

std::size_t FixedState::bytes(const StateShape& shape) {
  return padded_elements(shape) * bytes_of(shape.stored);
}

void FixedState::read(std::size_t sequence, std::span<float> row) const {
  check_row(shape_, sequence, row.size());
  const std::size_t first = sequence * shape_.columns;
  switch (shape_.stored) {
    case Stored::f32:
      std::copy_n(reinterpret_cast<const float*>(data_) + first, row.size(), row.begin());
      return;
    case Stored::bf16:
      std::transform(reinterpret_cast<const std::uint16_t*>(data_) + first,
                     reinterpret_cast<const std::uint16_t*>(data_) + first + row.size(),
                     row.begin(), from_bf16);
      return;
  }
  throw std::logic_error("FixedState::read: a format outside the enumeration");
}

void FixedState::write(std::size_t sequence, std::span<const float> row) {
  check_row(shape_, sequence, row.size());
  const std::size_t first = sequence * shape_.columns;
  switch (shape_.stored) {
    case Stored::f32:
      std::copy(row.begin(), row.end(), reinterpret_cast<float*>(data_) + first);
      return;
    case Stored::bf16:
      std::transform(row.begin(), row.end(), reinterpret_cast<std::uint16_t*>(data_) + first,
                     to_bf16);
      return;
  }
  throw std::logic_error("FixedState::write: a format outside the enumeration");
}

void FixedState::clear() {
  std::ranges::fill(memory(), std::byte{0});
}

void FixedState::fill_synthetic(std::uint64_t seed) {
  fill_randomly(shape_.stored, data_, padded_elements(shape_), seed, 1.0F);
}

}  // namespace llmarch::fast
