// A Chart in characters, for terminals: a sign for each line, ticks at the axes, and below them the
// marks with their figures.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

// No line is wider than `width`, unless a name alone is wider.
std::string render_terminal_chart(const Chart& chart, std::size_t width);

}  // namespace llmarch::reports
