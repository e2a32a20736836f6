// How a config says that positions are rotated: older and newer fields, one way for all layers or
// one for each type of layer.
#pragma once

#include <string>

#include "sim/huggingface/hf_rotary_class.h"

namespace llmarch {

// "rope_scaling" beside "rope_theta", or both in "rope_parameters", as newer configs have them.
Rotary read_rotary(Import& import, const RotaryClass& of, Integer head_dim);

// How queries grow, which the rotary fields state too: not at all, by a factor of 0. Absent fields
// are refused, for the class fails without them.
std::optional<Temperature> read_growth(Import& import, const RotaryClass& of);

// Rotary positions of layers with a window and of those without. Newer configs hold both in
// "rope_parameters", by type of layer.
struct LocalAndGlobalRotary {
  Rotary local, global;
};
LocalAndGlobalRotary read_local_and_global_rotary(Import& import, const RotaryClass& of,
                                                  Integer head_dim);

// What "rope_parameters", which is there, holds for one type of layer; refused where it holds
// nothing for it.
Rotary read_rotary_of_layer_type(Import& import, const std::string& type, const RotaryClass& of,
                                 Integer head_dim);

// Refuses configs that leave it to the class how the types of layers are rotated.
void require_rope_parameters(Import& import);

// The scaling that the class fills where a config says nothing of the rotation; given to all layers
// of `spec`, whose other fields have been read. Refused where theta alone is stated, since classes
// differ in what they make of that.
void fill_rope_scaling(Import& import, const RotaryScaling& scaling, ArchSpec& spec);

}  // namespace llmarch
