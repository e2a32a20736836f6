// The text of a file as a TOML table, or the one problem that keeps it from being one. What tables
// mean is known by the loaders of specs and of hardware; this file knows what no file of ours may
// be: huge, not UTF-8, not TOML, empty.
#pragma once

#include <string_view>
#include <variant>

#include "sim/spec/diagnostics.h"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace llmarch {

// How messages name such a file, and where its format is described.
struct DocumentKind {
  std::string_view name;        // "a spec"
  std::string_view see_format;  // "'llmarch help spec-format' describes what a spec holds"
  std::string_view see_toml;    // the same for a reader who may not know TOML either
};

// The last text that is parsed; what is larger is refused before.
std::variant<toml::table, Diagnostic> parse_toml(std::string_view text, const DocumentKind& kind);

}  // namespace llmarch
