// A Chart in characters, for terminals: a sign for each line, the ends of the axes, and the marks
// with their figures below.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

// No line is wider than `width`, but for names that are wider themselves.
std::string render_terminal_chart(const Chart& chart, std::size_t width);

}  // namespace llmarch::reports
