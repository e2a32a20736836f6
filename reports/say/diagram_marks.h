// Marks what differs between the panels of a Diagram. Each text is compared with the texts that
// have the same meaning: attention's with attention's, those of the norm before it with those of
// the norm before it.
#pragma once

#include "reports/document/diagram.h"

namespace llmarch::reports {

// Marks every text that not all panels have at its place.
void mark_differences(Diagram& diagram);

}  // namespace llmarch::reports
