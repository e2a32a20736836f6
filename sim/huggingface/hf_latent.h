// Multi-head latent attention as DeepSeek's configs and those after them state it.
#pragma once

#include "sim/huggingface/hf_import.h"

namespace llmarch {

LatentAttention read_latent_attention(Import& import);

}  // namespace llmarch
