// Reads an ArchSpec from TOML; nothing beyond this and toml_reader.h knows TOML. Every problem of
// the text is gathered before it is refused (keys, types, bounds, references, then the rules of
// rules.h), and each is said once: what only follows from another is left out. Of a text that is
// not TOML the first error alone is known.
#pragma once

#include <string_view>

#include "sim/toml/spec_load.h"

namespace llmarch {

SpecLoad load_toml_spec(std::string_view text);

}  // namespace llmarch
