// Which columns of a table share a panel on a terminal of some width, and how wide each is.
// terminal.h draws them.
//
// A table that fits is one panel. One that does not is split into panels, one below another, each
// of which begins with the row headings. Headings and prose are wrapped first, so that a panel has
// as many columns as possible. Figures are wrapped only where a single group of joined columns is
// too wide.
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

// Panels at most `width` wide, gaps included; a smaller width than narrowest_terminal counts as
// that. Joined columns share a panel as long as each can have one character.
std::vector<Panel> lay_out(const Table& table, std::size_t width);

std::size_t panel_width(const Panel& panel);

// How far a row under a group heading is indented, given the first column's width.
std::size_t group_indent(std::size_t first_column_width);

}  // namespace llmarch::reports
