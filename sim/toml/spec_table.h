// A spec from a TOML table that has been parsed: what load_toml_spec does after the parser, and
// what a study does with the table of a variant.
#pragma once

#include "sim/toml/spec_load.h"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace llmarch {

SpecLoad read_spec(const toml::table& table);

}  // namespace llmarch
