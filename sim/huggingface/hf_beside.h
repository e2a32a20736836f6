// What a config says that its repository holds beside the text model: vision towers, projectors,
// and layers that predict tokens further ahead.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/huggingface/config_load.h"

namespace llmarch {

// Counts the tower and the projector that `outer` describes, and the prediction layers of `text`,
// into spec.beside. A note names what is described and cannot be counted.
void read_beside(const nlohmann::json& outer, const nlohmann::json& text, ConfigLoad& load,
                 ArchSpec& spec);

}  // namespace llmarch
