// Activations: views of rows of floats, row-major.
#pragma once

#include <cstddef>

namespace llmarch::fast {

struct ConstRows {
  const float* data;
  std::size_t rows, columns;
  std::size_t stride;  // floats from one row to the next, at least `columns`
  [[nodiscard]] const float* row(std::size_t index) const { return data + index * stride; }
};

struct Rows {
  float* data;
  std::size_t rows, columns;
  std::size_t stride;
  [[nodiscard]] float* row(std::size_t index) const { return data + index * stride; }
  operator ConstRows() const { return {data, rows, columns, stride}; }  // NOLINT: reading is safe
};

// What the rows of a step stand for: row r is position past + r % tokens of sequence r / tokens.
struct Places {
  std::size_t sequences, tokens, past;
  [[nodiscard]] std::size_t rows() const { return sequences * tokens; }
  [[nodiscard]] std::size_t sequence(std::size_t row) const { return row / tokens; }
  [[nodiscard]] std::size_t position(std::size_t row) const { return past + row % tokens; }
};

}  // namespace llmarch::fast
