// How text is written inside HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace llmarch::reports {

// The text made printable (text.h), with < > & and quotes replaced by entities.
std::string escape_markup(std::string_view text);

// Where the text of a heading can be linked to, as GitHub names it: "C1: holds" is "c1-holds".
std::string anchor_of(std::string_view heading);

}  // namespace llmarch::reports
