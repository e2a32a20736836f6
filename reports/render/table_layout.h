// Which columns of a table stand together on a terminal of some width, and how wide each is. How
// they are drawn is terminal.h's.
//
// A table that fits is one panel. One that does not becomes panels, one below the other, that each
// begin with the row headings; headings and prose are wrapped first, so that as many columns as can
// be read still stand side by side, but figures are not. Only when one group of joined columns
// alone is too wide are its figures wrapped as well.
#pragma once

#include <cstddef>
#include <vector>

#include "reports/document/document.h"

namespace llmarch::reports {

inline constexpr std::size_t column_gap = 2;
inline constexpr std::size_t narrowest_terminal = 40;

struct PanelColumn {
  std::size_t index;  // into Table::columns
  std::size_t width;  // at least 1
};

using Panel = std::vector<PanelColumn>;

// Panels at most `width` wide, gaps included; a width below narrowest_terminal counts as that.
// Joined columns share a panel as long as each can have one character.
std::vector<Panel> lay_out(const Table& table, std::size_t width);

std::size_t panel_width(const Panel& panel);

// By how much a row under a group heading is moved in, given the first column's width.
std::size_t group_indent(std::size_t first_column_width);

}  // namespace llmarch::reports
