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

// Where the elements begin among those of all sequences.
std::size_t place_of(const StateShape& shape, std::size_t sequence, std::size_t first,
                     std::size_t count) {
  if (sequence >= shape.sequences || first > shape.columns || count > shape.columns - first) {
    throw std::invalid_argument("FixedState: elements that are not of this state");
  }
  return sequence * shape.columns + first;
}

}  // namespace

FixedState::FixedState(HugeMemory& memory, const StateShape& shape)
    : shape_(shape), data_(memory.take(bytes(shape))) {}

std::size_t FixedState::bytes(const StateShape& shape) {
  return padded_elements(shape) * bytes_of(shape.stored);
}

void FixedState::read(std::size_t sequence, std::size_t first, std::span<float> elements) const {
  const std::size_t place = place_of(shape_, sequence, first, elements.size());
  switch (shape_.stored) {
    case Stored::f32: {
      const float* from = reinterpret_cast<const float*>(data_) + place;
      std::copy_n(from, elements.size(), elements.begin());
      return;
    }
    case Stored::bf16: {
      const auto* from = reinterpret_cast<const std::uint16_t*>(data_) + place;
      std::transform(from, from + elements.size(), elements.begin(), from_bf16);
      return;
    }
  }
  throw std::logic_error("FixedState::read: a format outside the enumeration");
}

void FixedState::write(std::size_t sequence, std::size_t first, std::span<const float> elements) {
  const std::size_t place = place_of(shape_, sequence, first, elements.size());
  switch (shape_.stored) {
    case Stored::f32: std::ranges::copy(elements, reinterpret_cast<float*>(data_) + place); return;
    case Stored::bf16:
      std::ranges::transform(elements, reinterpret_cast<std::uint16_t*>(data_) + place, to_bf16);
      return;
  }
  throw std::logic_error("FixedState::write: a format outside the enumeration");
}

std::span<float> FixedState::floats(std::size_t sequence) {
  if (shape_.stored != Stored::f32) {
    throw std::invalid_argument("FixedState::floats: a state that is not stored in f32");
  }
  const std::size_t place = place_of(shape_, sequence, 0, shape_.columns);
  return {reinterpret_cast<float*>(data_) + place, shape_.columns};
}

void FixedState::clear() {
  std::ranges::fill(memory(), std::byte{0});
}

void FixedState::fill_synthetic(std::uint64_t seed) {
  fill_randomly(shape_.stored, data_, padded_elements(shape_), seed, 1.0F);
}

}  // namespace llmarch::fast
