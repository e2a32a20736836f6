// A weight matrix as the fast kernels read it: panels of 64 outputs, each running contiguously
// along the inputs, in pairs of inputs for bf16 (oneDNN's formats BA16a64b and BA16a64b2a). One
// copy serves a single row, which streams the panels from memory, and many rows, which keep a piece
// of a panel in cache.
//
// Element (output o, input i) of a bf16 panel p = o / 64 stands at
//   panel(p)[(i / 2) * 64 * 2 + (o % 64) * 2 + i % 2]     f32: panel(p)[i * 64 + o % 64]
// Inputs are padded with zeros to a multiple of 16, outputs to a multiple of 64. Where the blocks
// of a quantised panel lie is known by quantised_panel.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fast/huge_memory.h"
#include "kernels/fast/matrix_format.h"
#include "kernels/fast/quantised_panel.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/stored.h"
#include "kernels/fast/team.h"

namespace llmarch::fast {

inline constexpr std::size_t kPanel = kPanelOutputs;

class PackedMatrix {
 public:
  // All zeros. The memory must outlive the matrix. Throws std::invalid_argument where the inputs
  // are no whole blocks of ggml's.
  PackedMatrix(HugeMemory& memory, MatrixFormat format, std::size_t outputs, std::size_t inputs);
  // The bytes that such a matrix takes of a HugeMemory, padding included.
  static std::size_t bytes(MatrixFormat format, std::size_t outputs, std::size_t inputs);

  // Sets the outputs from `first_output` on to the rows of `weights`, (outputs, inputs), rounded to
  // the format, which is a plain one.
  void fill(std::size_t first_output, ConstRows weights);
  // The same where the format is quantised; the rows are in blocks, row_bytes() each.
  void fill_stored(std::size_t first_output, std::span<const std::byte> rows);
  // Draws every element evenly from (-limit, limit). The values depend only on the seed, neither on
  // the instruction set nor on the number of threads. Each thread fills what it would read in
  // `multiply`.
  void fill_synthetic(Team& team, std::uint64_t seed, float limit);
  // Reads the weights of one output, as an embedding look-up does. `row` has `inputs` floats.
  void read(std::size_t output, std::span<float> row) const;

  [[nodiscard]] MatrixFormat format() const { return format_; }
  // How elements are stored. Throws std::logic_error where the format is not a plain one.
  [[nodiscard]] Stored stored() const { return stored_of(format_); }
  // The bytes in which one output is stored, without padding.
  [[nodiscard]] std::size_t row_bytes() const { return stored_row_bytes(format_, inputs_); }
  [[nodiscard]] std::size_t outputs() const { return outputs_; }
  [[nodiscard]] std::size_t inputs() const { return inputs_; }
  [[nodiscard]] std::size_t padded_inputs() const { return (inputs_ + 15) / 16 * 16; }
  [[nodiscard]] std::size_t panels() const { return (outputs_ + kPanel - 1) / kPanel; }
  [[nodiscard]] std::size_t panel_bytes() const { return bytes(format_, kPanel, inputs_); }
  [[nodiscard]] const std::byte* panel(std::size_t index) const {
    return data_ + index * panel_bytes();
  }

 private:
  // Writes zeros where a panel has no output or no input.
  void clear_padding(std::size_t index);

  MatrixFormat format_;
  std::size_t outputs_, inputs_;
  std::byte* data_;
};

}  // namespace llmarch::fast
