// Marks what differs between the panels of a Diagram. Texts are compared with those that stand for
// the same thing: those of attention with attention, those of the norm before it with the norm
// before it.
#pragma once

#include "reports/document/diagram.h"

namespace llmarch::reports {

// Marks every text that not all panels have at its place.
void mark_differences(Diagram& diagram);

}  // namespace llmarch::reports
