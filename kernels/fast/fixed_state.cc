#include "kernels/fast/fixed_state.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

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
    : shape_(shape), data_(memory.take(bytes(shape))) {
  if (scales_of(shape.format, shape.columns) > 0) {
    throw std::invalid_argument("FixedState: a format with scales");
  }
}

std::size_t FixedState::bytes(const StateShape& shape) {
  return padded_elements(shape) * code_bytes(shape.format);
}

void FixedState::read(std::size_t sequence, std::size_t first, std::span<float> elements) const {
  const std::size_t place = place_of(shape_, sequence, first, elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i] = value_of_code(shape_.format, data_, place + i);
  }
}

void FixedState::write(std::size_t sequence, std::size_t first, std::span<const float> elements) {
  const std::size_t place = place_of(shape_, sequence, first, elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    store_code(shape_.format, data_, place + i, elements[i]);
  }
}

std::span<float> FixedState::floats(std::size_t sequence) {
  if (shape_.format != CacheFormat::f32) {
    throw std::invalid_argument("FixedState::floats: a state that is not stored in f32");
  }
  const std::size_t place = place_of(shape_, sequence, 0, shape_.columns);
  return {reinterpret_cast<float*>(data_) + place, shape_.columns};
}

void FixedState::clear() {
  std::ranges::fill(memory(), std::byte{0});
}

void FixedState::fill_synthetic(std::uint64_t seed) {
  std::vector<float> drawn(padded_elements(shape_));
  fill_randomly(Stored::f32, std::as_writable_bytes(std::span(drawn)).data(), drawn.size(), seed,
                1.0F);
  for (std::size_t i = 0; i < drawn.size(); ++i) store_code(shape_.format, data_, i, drawn[i]);
}

}  // namespace llmarch::fast
