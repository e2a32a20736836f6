// A Diagram in characters, for where there are no pictures: the residual stream as a line that
// reads downwards from tokens to logits, and the branches that leave it and are added back.
#pragma once

#include <string>

#include "reports/document/diagram.h"

namespace llmarch::reports {

// Empty for several models: the table next to the diagram shows how they differ.
std::string render_terminal_diagram(const Diagram& diagram);

}  // namespace llmarch::reports
