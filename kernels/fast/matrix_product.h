// Products of rows with packed matrices. This file knows how the work is divided between threads
// and blocked for the caches; the innermost loops are in kernels/fast/simd.
//
// Numbers: with bf16 weights the rows are rounded to bf16 too, on every instruction set, and the
// products are added up in float.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/fast/packed_matrix.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"

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

// All of them, as one piece of work: products that are ready together (query, key and value of a
// row, the experts that it chose) go faster in one call than one by one, and those that share
// their `in` share its conversion. Throws std::invalid_argument when sizes do not agree.
void multiply(Team& team, std::span<const Product> products);
void multiply(Team& team, const PackedMatrix& weights, ConstRows in, Rows out);

// The other way round: out = in * weights, over the outputs from `first_output` up to first_output
// + in.columns: in (rows, some or all outputs), out (rows, inputs). This is how latent attention's
// queries meet key_up without a second copy of it. Meant for few rows: it reads all its weights for
// each.
struct TransposedProduct {
  const PackedMatrix* weights;
  std::size_t first_output;
  ConstRows in;
  Rows out;
};
void multiply_transposed(Team& team, std::span<const TransposedProduct> products);

}  // namespace llmarch::fast
