// A Diagram in characters, for where there are no pictures: the residual stream as a line that
// reads downwards from tokens to logits, and the branches that leave it and are added back.
#pragma once

#include <string>

#include "reports/document/diagram.h"

namespace llmarch::reports {

// Empty for models side by side: what differs between them stands in the table beside the diagram.
std::string render_terminal_diagram(const Diagram& diagram);

}  // namespace llmarch::reports
