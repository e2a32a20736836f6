// The tables of tensor names: for each family of checkpoints, under which name each role of weight
// is published. tensor_names.h finds a weight by them. A family that is new needs a row in
// naming.cc and one for each name that is its own in *_names.h, and no code.
#pragma once

#include <span>
#include <string_view>

#include "kernels/weights/tensor_name.h"
#include "sim/huggingface/config_load.h"

namespace llmarch {

struct Naming {
  CheckpointNaming family;
  std::span<const std::string_view> prefixes;  // of the model; the first that a checkpoint has
  std::string_view layer;                      // "layers.", before the layer's number
  std::span<const TensorName> own;             // what this family calls otherwise than `common`
  std::span<const TensorName> common;
  float added_to_norms = 0;  // norms are published less this
  // Endings of tensors that are no parameters: masks and tables that a library makes itself, and
  // what a layer does not use.
  std::span<const std::string_view> not_parameters;
};

const Naming& naming_of(CheckpointNaming family);

}  // namespace llmarch
