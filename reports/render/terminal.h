// A Document as text for a terminal: aligned columns, rules, and panels where a table is too wide.
// Which columns share a panel is decided by table_layout.h. The caller finds out whether standard
// output is a terminal, how wide it is, and whether colour is wanted.
#pragma once

#include <cstddef>
#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

enum class Colour { none, ansi };

struct TerminalStyle {
  std::size_t width = 80;  // less than 40 counts as 40
  Colour colour = Colour::none;
};

// No line is wider than the style's width, except those of a Preformatted block.
std::string render_terminal(const Document& document, TerminalStyle style);

}  // namespace llmarch::reports
