// Mistral's own "params.json", as its repositories hold it beside or in place of a config.json: its
// fields under the names of the Hugging Face class that has the same arithmetic.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/huggingface/config_load.h"

namespace llmarch {

bool is_mistral_params(const nlohmann::json& config);

// The same as a config.json. Fields that are not known are problems, for no class says what they
// do.
nlohmann::json config_of_mistral_params(const nlohmann::json& params, ConfigLoad& load);

}  // namespace llmarch
