// Reads JSON strictly, as a config.json must be: a repeated key, nesting without end, or text after
// a zero byte is refused, all of which the JSON library would accept. What the keys mean is known
// by hf_reader.h and by the model types.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sim/spec/diagnostics.h"

namespace llmarch {

// Either an object, or what is wrong with the text.
struct JsonObject {
  nlohmann::json value;
  std::optional<Diagnostic> problem;
};

JsonObject parse_json_object(std::string_view text);

// The text at a key of an object; empty where there is none.
std::string text_in(const nlohmann::json& object, std::string_view key);

}  // namespace llmarch
