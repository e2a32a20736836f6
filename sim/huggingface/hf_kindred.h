// Model types whose decoder is that of another type, under other names of types or of fields.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/huggingface/config_load.h"

namespace llmarch {

// The config under the type and the field names that its decoder has here; a note says so.
// Unchanged where the type is not among them.
nlohmann::json as_known_type(nlohmann::json config, ConfigLoad& load);

// Whether checkpoints of the config's type name their tensors as those of the type do that it is
// read as; that of a config that is read as it is.
bool has_known_names(const nlohmann::json& config);

}  // namespace llmarch
