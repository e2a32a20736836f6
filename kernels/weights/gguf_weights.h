// Hands over the weights of a GGUF file, tensor by tensor and some rows at a time. This file knows
// where the converter of llama.cpp (convert_hf_to_gguf.py) puts what the graph's weights are, and
// which tensors it changes on the way; names are known by sim/gguf/gguf_names.h.
#pragma once

#include "kernels/weight_files/gguf_file.h"
#include "kernels/weights/weight_store.h"

namespace llmarch {

// `graph` is that of the file's own model. Throws FileError: a tensor that is missing, of another
// shape, in a type whose blocks are not read, or one that the converter changes in a way that is
// not undone here.
void load_gguf_weights(const OpGraph& graph, const GgufModel& file, const TakeWeights& take);

}  // namespace llmarch
