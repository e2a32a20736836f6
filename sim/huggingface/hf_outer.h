// What stands around a text decoder's own fields: other parts of the same model, the class that a
// config names, and files that describe no model of their own.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "sim/huggingface/config_load.h"

namespace llmarch {

// The text decoder's own config, wherever it stands, with what the config around it says of both.
// Vision towers and projectors are another matter.
nlohmann::json text_config(const nlohmann::json& config, ConfigLoad& load);

// What a file is that describes no model by itself: an adapter, or a draft of another model.
std::optional<Diagnostic> no_model(const nlohmann::json& config);

// Whether the repository brings code of its own.
bool has_own_code(const nlohmann::json& config);

// Puts another head, or none, in the place of the spec's.
void replace_head(ArchSpec& spec, Head head);

// The head by the class that "architectures" names: none, that of a classifier, or as the spec has
// it. A class whose head is not known is a problem.
void apply_architecture(const nlohmann::json& config, ConfigLoad& load, ArchSpec& spec);

}  // namespace llmarch
