// Reads an ArchSpec from TOML; nothing beyond this and toml_reader.h knows TOML. All problems of
// the text are gathered before it is refused (keys, types, bounds, references, then the rules of
// rules.h), and each is reported once: a problem that only follows from another is left out. For a
// text that is not TOML, only the first error is known.
#pragma once

#include <string_view>

#include "sim/toml/spec_load.h"

namespace llmarch {

SpecLoad load_toml_spec(std::string_view text);

}  // namespace llmarch
