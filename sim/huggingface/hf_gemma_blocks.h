// What the configs of the Gemma families say alike: which layers are local, and how either kind is
// rotated.
#pragma once

#include "sim/huggingface/hf_blocks.h"

namespace llmarch {

// Of each layer, 0 where it has a window and 1 where it is global: stated by name, or by the rule
// of the model type.
std::vector<std::size_t> local_and_global(Import& import, std::int64_t every_nth_is_global);

// Rotary positions of local and of global layers: under names of their own, or by layer type in
// "rope_parameters", as newer configs have them.
struct LocalAndGlobalRotary {
  Rotary local, global;
};

LocalAndGlobalRotary rotaries(Import& import);

}  // namespace llmarch
