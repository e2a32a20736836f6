// Where each weight of the graph stands in a published checkpoint: the tensor's name, and which
// part of it, for families that store several weights as one. The names themselves are in the
// tables of naming.h.
#pragma once

#include <string>
#include <string_view>

#include "kernels/weight_files/checkpoint_files.h"
#include "kernels/weights/naming.h"
#include "sim/graph/op_graph.h"

namespace llmarch {

// Row r of the weight is stored row (r / length) * stride + offset + r % length; a vector's
// elements count as rows. The stored tensor has `stored_rows` rows.
struct TensorSource {
  std::string name = {};
  StoredLayout layout = StoredLayout::as_is;
  Integer stored_rows = 0;
  Integer length = 0;
  Integer stride = 0;
  Integer offset = 0;
  Integer copies = 1;  // experts that are stored as one tensor, (copies, ...)
  Integer copy = 0;    // which of them this is
  float added = 0;     // Gemma stores the weight of a norm less one
};

// The weight of layer `layer` (of the whole model; unused outside of layers), expert `copy`.
// `prefix` stands before the names of the model's own tensors.
TensorSource tensor_source(const OpGraph& graph, const Weight& weight, CheckpointNaming family,
                           std::string_view prefix, std::size_t layer, std::size_t copy);

// Which of the family's prefixes a checkpoint has, by its token embedding; the first where it has
// none.
std::string_view model_prefix(const SafetensorsCheckpoint& checkpoint, CheckpointNaming family);

// Tensors that checkpoints of this family hold and that are no parameters of the architecture:
// masks and tables that the library makes itself, and the second copy of a tied table.
bool is_no_parameter(std::string_view tensor, CheckpointNaming family, Head head);

}  // namespace llmarch
