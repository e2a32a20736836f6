// How a config says that positions are rotated: older and newer fields, one way for all layers or
// one for each type of layer.
#pragma once

#include <string>

#include "sim/huggingface/hf_import.h"

namespace llmarch {

// What a model type's class settles about the rotation of its heads.
struct RotaryClass {
  RotaryLayout layout = RotaryLayout::half_split;
  double theta = 10000;  // where the config states none
};

// "rope_scaling" beside "rope_theta", or both in "rope_parameters", as newer configs have them.
Rotary read_rotary(Import& import, const RotaryClass& of);

// Rotary positions of layers with a window and of those without. Newer configs hold both in
// "rope_parameters", by type of layer; older ones state theta and the scaling of the latter as
// other types do, and the theta of the former under a name of its own.
struct LocalAndGlobalRotary {
  Rotary local, global;
};
LocalAndGlobalRotary read_local_and_global_rotary(Import& import);

}  // namespace llmarch
