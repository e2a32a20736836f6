// Products of rows with packed matrices: how the work is divided between threads and blocked for
// the caches. The innermost loops are in kernels/fast/simd.
//
// Numbers: with bf16 weights the rows are rounded to bf16 too, on every instruction set, and the
// products are added up in float. With quantised weights the rows are rounded to 127 steps of the
// largest value of each group of inputs that has a scale (in int8_channel: of the row), so that an
// output departs from the exact one by at most the sum over inputs of |weight| * largest / 254, and
// the rounding of floats beside it.
#pragma once

#include <span>

#include "kernels/fast/product.h"
#include "kernels/fast/team.h"

namespace llmarch::fast {

// Runs all products as one piece of work. Products that are ready together (query, key and value of
// a row, the experts that it chose) take less time in one call than one by one, and those that
// share their `in` share its conversion. Throws std::invalid_argument when sizes do not agree.
void multiply(Team& team, std::span<const Product> products);
void multiply(Team& team, const PackedMatrix& weights, ConstRows in, Rows out);

void multiply_transposed(Team& team, std::span<const TransposedProduct> products);

}  // namespace llmarch::fast
