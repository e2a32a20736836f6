// What both ways of a matrix product share: where a product's outputs lie among the panels of its
// weights. Each way, for few rows and for many, has a file of its own and is declared here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "kernels/fast/product.h"
#include "kernels/fast/simd/kernels.h"
#include "kernels/fast/team.h"

namespace llmarch::fast {

inline constexpr std::size_t kStepBytes = 4 * kPanel;

inline std::size_t steps_of(const PackedMatrix& weights) {
  return weights.padded_inputs() / depth_of(weights.stored());
}

// The panels that hold a product's outputs.
inline Share panels_of(const Product& product) {
  const std::size_t end = product.first_output + product.out.columns;
  return {product.first_output / kPanel, (end + kPanel - 1) / kPanel};
}

// Where a panel's 64 columns go in `out`: columns first to last of the panel are needed, and the
// first of them is column `column` of `out`.
struct Placed {
  std::size_t first, last, column;
  [[nodiscard]] bool whole() const { return first == 0 && last == kPanel; }
};

inline Placed placed(const Product& product, std::size_t panel) {
  const std::size_t start = panel * kPanel;
  const std::size_t first = std::max(start, product.first_output);
  const std::size_t last = std::min(start + kPanel, product.first_output + product.out.columns);
  return {first - start, last - start, first - product.first_output};
}

inline bool same_input(const Product& a, const Product& b) {
  return a.in.data == b.in.data && a.in.stride == b.in.stride && a.in.rows == b.in.rows &&
         a.in.columns == b.in.columns && a.weights->stored() == b.weights->stored();
}

// For one row, or so few that all of them fit into a tile.
void multiply_few_rows(Team& team, std::span<const Product> products);
void multiply_many_rows(Team& team, std::span<const Product> products);
// For any number of rows, with quantised weights.
void multiply_quantised(Team& team, std::span<const Product> products);
void multiply_transposed_quantised(Team& team, const TransposedProduct& product);

}  // namespace llmarch::fast
