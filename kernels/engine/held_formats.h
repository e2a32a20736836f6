// In which format of the fast kernels a tensor of the graph is held.
#pragma once

#include <optional>

#include "kernels/fast/matrix_format.h"
#include "kernels/weight_files/blocks.h"
#include "sim/graph/op_graph.h"

namespace llmarch::fast {

// None where there are no kernels for it.
std::optional<MatrixFormat> matrix_format(const StorageFormat& format);

// Throws std::invalid_argument where there are no kernels for the weight's format.
MatrixFormat matrix_format_of(const Weight& weight);

// How rows of a quantised format are stored before they are packed.
BlockFormat block_format(MatrixFormat quantised);

}  // namespace llmarch::fast
