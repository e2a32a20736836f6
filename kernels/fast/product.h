// A product of rows with a packed matrix, or with a part of its outputs.
#pragma once

#include <cstddef>

#include "kernels/fast/packed_matrix.h"
#include "kernels/fast/rows.h"

namespace llmarch::fast {

// out = in * weights^T, over the outputs from `first_output` up to first_output + out.columns:
// in (rows, inputs), out (rows, some or all outputs). `out` overlaps neither `in` nor the `out` of
// another product of the same call.
struct Product {
  const PackedMatrix* weights;
  std::size_t first_output;
  ConstRows in;
  Rows out;
};

// The transposed product: out = in * weights, over the outputs from `first_output` up to
// first_output + in.columns: in (rows, some or all outputs), out (rows, inputs). Latent attention
// absorbs queries into key_up this way, without a second copy of it. Meant for few rows, since it
// reads all its weights for each.
struct TransposedProduct {
  const PackedMatrix* weights;
  std::size_t first_output;
  ConstRows in;
  Rows out;
};

}  // namespace llmarch::fast
