// Windows laid over the layers of a model at a regular distance, as Gemma 3 and Cohere's Command
// R7B have them: so many layers with a window, then one without. Private to changed_spec.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/toml/spec_table.h"

namespace llmarch {

// Changes the table of a spec. A layer whose number, from 1, is no multiple of `between` + 1
// becomes a copy of itself in which grouped attention has that window; the others have no window.
// Kinds that no layer is of any more are left out. The table is that of a valid spec. What stands
// in the way is returned, and the table is of no use then: no layer has grouped attention, or there
// are too many.
std::optional<std::string> set_windows_between(toml::table& spec, std::int64_t window,
                                               std::int64_t between);

}  // namespace llmarch
