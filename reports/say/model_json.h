// What the stable JSON of several commands says of a model in the same words, and how it is
// written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/study/model.h"
#include "sim/study/step.h"

namespace llmarch::reports {

// Elements: all, those in memory, those that a token touches, and those of each component.
nlohmann::ordered_json parameters_json(const Parameters& parameters);
nlohmann::ordered_json step_json(const Step& step);
// What the repository holds beside the text model; `bytes` are those of its weights.
nlohmann::ordered_json beside_json(const Model& model, Bytes bytes,
                                   Bytes prediction_cache_per_token);
// Only what the makers publish.
nlohmann::ordered_json published_json(const ArchSpec& spec);

// Indented text. Bytes that are no UTF-8 are replaced, since a file's name may hold any.
std::string indented(const nlohmann::ordered_json& json);

}  // namespace llmarch::reports
