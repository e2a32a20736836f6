// The description of a block (sim/describe) as a part of a diagram: the texts on it, and the
// drawing beside it.
#pragma once

#include <string>
#include <vector>

#include "reports/document/diagram.h"
#include "sim/describe/block_facts.h"

namespace llmarch::reports {

DiagramPart part_of(const BlockFacts& block);

DiagramBox norm_box(const Norm& norm);

// An operation on the residual stream itself, with one line for each detail.
DiagramBox addition_box(std::string title, std::vector<std::string> details);

// Adds a line to the texts of a part.
void say(DiagramPart& part, std::string text);

}  // namespace llmarch::reports
