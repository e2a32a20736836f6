// JSON as a config.json may hold it, read strictly: what the JSON library lets pass (a key that
// stands twice, nesting without end, text behind a zero byte) is refused. What the keys mean is
// known by hf_reader.h and by the model types.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "sim/spec/diagnostics.h"

namespace llmarch {

// Either an object, or what is wrong with the text.
struct JsonObject {
  nlohmann::json value;
  std::optional<Diagnostic> problem;
};

JsonObject parse_json_object(std::string_view text);

}  // namespace llmarch
