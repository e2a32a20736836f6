// The layers of a model in words: in which order their kinds stand, and which of them have a
// property. What a layer does is described by block_facts.h.
#pragma once

#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// "3 dense, 58 moe"; a repeated sequence in brackets: "10 x (5 local, global)".
std::string layer_pattern(const ArchSpec& spec);

// Which layers have a property, one value for each layer, 1-based as people count them: "all",
// "52 of 62: 1-5 of every 6", "58 of 61: 4-61".
std::string which_layers(const std::vector<bool>& members);

}  // namespace llmarch
