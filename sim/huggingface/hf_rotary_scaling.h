// The scalings of rotary positions, as "rope_scaling" or "rope_parameters" states them. hf_rotary.h
// knows where these stand and what else they hold. Private to sim/huggingface.
#pragma once

#include "sim/huggingface/hf_rotary_class.h"

namespace llmarch {

// Reads the type of the scaling and its fields into `rotary`, whose theta and dim are set, and
// reports the fields of `rope` that are none of its type's.
void read_scaling(Import& import, ConfigReader& rope, const RotaryClass& of, Integer head_dim,
                  Rotary& rotary);

// A dynamic scaling rotates sequences of up to `factor` times as many positions as
// max_position_embeddings, which is then the context limit, and is recorded as filled.
void stretch_context_limit(ConfigLoad& load, ArchSpec& spec);

}  // namespace llmarch
