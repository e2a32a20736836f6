// Reads an ArchSpec from TOML; nothing beyond this and toml_reader.h knows TOML. Every problem of
// the text is gathered before it is refused (keys, types, bounds, references, then the rules of
// rules.h), and each is said once: what only follows from another is left out. Of a text that is
// not TOML the first error alone is known.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// Where the fields of a loaded spec stand: "attention.local.kv_heads" -> place.
using FieldPlaces = std::map<std::string, Place, std::less<>>;

// Either a complete, valid spec and no problems, or no spec and at least one problem.
struct SpecLoad {
  std::optional<ArchSpec> spec;
  std::vector<Diagnostic> problems;
  FieldPlaces places;
};

// A spec is a page or two of text; what is larger is not one, and is refused before it is parsed.
inline constexpr std::int64_t kLargestSpecFile = 1 << 20;

SpecLoad load_toml_spec(std::string_view text);

// The place of a field, or of the nearest table around it that stands in the file.
std::optional<Place> place_of(const FieldPlaces& places, std::string path);

}  // namespace llmarch
