// A weight matrix as the fast kernels read it: panels of 64 outputs, each running contiguously
// along the inputs, in pairs of inputs for bf16 (oneDNN's formats BA16a64b and BA16a64b2a). One
// copy serves a single row, which streams the panels from memory, and many rows, which keep a piece
// of a panel in cache.
//
// Element (output o, input i) of a bf16 panel p = o / 64 stands at
//   panel(p)[(i / 2) * 64 * 2 + (o % 64) * 2 + i % 2]     f32: panel(p)[i * 64 + o % 64]
// Inputs are padded with zeros to a multiple of 16, outputs to a multiple of 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fast/huge_memory.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/stored.h"
#include "kernels/fast/team.h"

namespace llmarch::fast {

inline constexpr std::size_t kPanel = 64;  // outputs

class PackedMatrix {
 public:
  // All zeros. The memory must outlive the matrix.
  PackedMatrix(HugeMemory& memory, Stored stored, std::size_t outputs, std::size_t inputs);
  // The bytes that such a matrix takes of a HugeMemory, padding included.
  static std::size_t bytes(Stored stored, std::size_t outputs, std::size_t inputs);

  // Sets the outputs from `first_output` on to the rows of `weights`, (outputs, inputs), rounded to
  // the stored format.
  void fill(std::size_t first_output, ConstRows weights);
  // Draws every element evenly from (-limit, limit). The values depend only on the seed, neither on
  // the instruction set nor on the number of threads. Each thread fills what it would read in
  // `multiply`.
  void fill_synthetic(Team& team, std::uint64_t seed, float limit);
  // Reads the weights of one output, as an embedding look-up does. `row` has `inputs` floats.
  void read(std::size_t output, std::span<float> row) const;

  [[nodiscard]] Stored stored() const { return stored_; }
  [[nodiscard]] std::size_t outputs() const { return outputs_; }
  [[nodiscard]] std::size_t inputs() const { return inputs_; }
  [[nodiscard]] std::size_t padded_inputs() const { return (inputs_ + 15) / 16 * 16; }
  [[nodiscard]] std::size_t panels() const { return (outputs_ + kPanel - 1) / kPanel; }
  [[nodiscard]] std::size_t panel_bytes() const {
    return padded_inputs() * kPanel * bytes_of(stored_);
  }
  [[nodiscard]] const std::byte* panel(std::size_t index) const {
    return data_ + index * panel_bytes();
  }

 private:
  // Writes zeros where a panel has no output or no input.
  void clear_padding(std::size_t index);

  Stored stored_;
  std::size_t outputs_, inputs_;
  std::byte* data_;
};

}  // namespace llmarch::fast
