// Where the fields of a TOML file stand in its text, and how large such a file may be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/spec/diagnostics.h"

namespace llmarch {

// A spec is a page or two of text; what is larger is not one, and is refused before it is parsed.
inline constexpr std::int64_t kLargestSpecFile = 1 << 20;

// "attention.local.kv_heads" -> place.
using FieldPlaces = std::map<std::string, Place, std::less<>>;

// The place of a field, or of the nearest table around it that stands in the file.
std::optional<Place> place_of(const FieldPlaces& places, std::string path);

}  // namespace llmarch
