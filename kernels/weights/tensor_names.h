// Where each weight of the graph stands in a published checkpoint: the tensor's name, and which
// part of it, for families that store several weights as one. Nothing else knows published names.
#pragma once

#include <string>
#include <string_view>

#include "sim/graph/op_graph.h"
#include "sim/huggingface/hf_config.h"

namespace llmarch {

enum class StoredLayout {
  as_is,       // (rows, columns)
  transposed,  // (columns, rows): gpt2's Conv1D
};

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
TensorSource tensor_source(const OpGraph& graph, const Weight& weight, CheckpointNaming naming,
                           std::size_t layer, std::size_t copy);

// Tensors that checkpoints of this naming hold and that are no parameters of the architecture:
// masks and tables that the library makes itself, and the second copy of a tied table.
bool is_no_parameter(std::string_view tensor, CheckpointNaming naming, Head head);

}  // namespace llmarch
