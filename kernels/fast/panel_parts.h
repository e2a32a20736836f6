// Where the parts of a block lie in a panel of a quantised matrix (quantised_panel.h), and how
// bytes of it are read and written: for the files that pack, read and draw panels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernels/fast/matrix_format.h"

namespace llmarch::fast {

inline constexpr std::size_t kOutputs = 64;  // of a panel

// Where the parts of a block of 64 outputs begin that follow its codes.
inline constexpr std::size_t kAfterHalves = 16 * kOutputs;  // of 32 elements
inline constexpr std::size_t kAfterFifths = 20 * kOutputs;
inline constexpr std::size_t kAfterPairs = 128 * kOutputs;  // of 256 elements
inline constexpr std::size_t kAfterQuarters = 64 * kOutputs;
inline constexpr std::size_t kQ6KQuants = 192 * kOutputs;
inline constexpr std::size_t kQ5KScales = 160 * kOutputs;
inline constexpr std::size_t kQ3KScales = 96 * kOutputs;

inline std::size_t place(std::size_t output, std::size_t input) {
  return input / 4 * 4 * kOutputs + output * 4 + input % 4;
}

inline std::uint8_t byte_at(const std::byte* bytes, std::size_t index) {
  return std::to_integer<std::uint8_t>(bytes[index]);
}

template <class T>
T load(const std::byte* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(std::byte* to, std::size_t index, T value) {
  std::memcpy(to + index * sizeof(T), &value, sizeof(T));
}

// One output's part of one block of a panel.
struct PanelPlace {
  std::byte* block;
  std::size_t output;
};

// A stored block of ggml's, q8_0 and the like, as it lies in a file.
using FileBlock = std::span<const std::byte>;

// The place of a bit of one of 256 elements, or of 32, among those of all outputs: eight steps
// share a byte.
struct BitPlace {
  std::size_t byte;
  unsigned shift;
};
inline BitPlace bit_place(std::size_t output, std::size_t element) {
  return {element / 32 * 4 * kOutputs + output * 4 + element % 4,
          static_cast<unsigned>(element % 32 / 4)};
}

// The same of two bits of one of 256 elements: groups j, j + 4, j + 8 and j + 12 share bytes.
inline BitPlace quarter_place(std::size_t output, std::size_t element) {
  const std::size_t group = element / 16;
  return {group % 4 * 16 * kOutputs + place(output, element % 16),
          static_cast<unsigned>(group / 4 * 2)};
}

inline std::size_t panel_block_bytes(MatrixFormat format) {
  return facts_of(format).bytes * kOutputs;
}

}  // namespace llmarch::fast
