// Text inside HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace llmarch::reports {

// Made printable, and with the characters that mean something in markup replaced.
std::string escape_markup(std::string_view text);

}  // namespace llmarch::reports
