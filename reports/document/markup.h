// How text is written inside HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace llmarch::reports {

// The text made printable (text.h), with < > & and quotes replaced by entities.
std::string escape_markup(std::string_view text);

}  // namespace llmarch::reports
