// Hands over the weights of a published checkpoint, tensor by tensor and a few rows at a time, and
// refuses a checkpoint that holds less or more than the architecture has.
#pragma once

#include "kernels/weight_files/checkpoint_files.h"
#include "kernels/weights/weight_store.h"
#include "sim/huggingface/config_load.h"

namespace llmarch {

// Throws FileError: a tensor that is missing, of another shape or of an unreadable dtype, or one
// that the architecture does not use.
void load_weights(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                  CheckpointNaming naming, Head head, const TakeWeight& take);

// The same, into a store.
WeightStore load_weights(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                         CheckpointNaming naming, Head head);

}  // namespace llmarch
