// What a checkpoint's folder holds, tensor by tensor, beside what the architecture asks for: the
// weights of the text model, however they are stored, other parts of the same repository, what is
// missing and what is not known. Only headers are read.
#pragma once

#include <string>
#include <vector>

#include "kernels/weight_files/checkpoint_files.h"
#include "sim/graph/op_graph.h"
#include "sim/huggingface/config_load.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

struct HeldTensors {
  std::string what;  // "text model", "vision tower"
  Integer tensors;
  Bytes bytes;
};

struct Reconciled {
  HeldTensors text;  // with scales, zero points and what else a quantiser keeps
  std::vector<HeldTensors> others;
  HeldTensors unknown;
  std::vector<std::string> missing;  // modules of weights that the architecture has
  std::vector<std::string> unknown_names;
  HeldTensors all;
};

Reconciled reconcile(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                     CheckpointNaming naming, Head head);

}  // namespace llmarch
