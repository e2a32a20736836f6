// The description of a block as a part of a diagram: what is written on it and what stands beside
// it. What the description says is sim/describe's.
#pragma once

#include <string>

#include "reports/document/diagram.h"
#include "sim/describe/block_facts.h"

namespace llmarch::reports {

DiagramPart part_of(const BlockFacts& block);

// One more line on a part.
void say(DiagramPart& part, std::string text);

}  // namespace llmarch::reports
