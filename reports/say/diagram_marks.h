// Marks what differs between the panels of a Diagram, sparingly: where everything stands out,
// nothing does. Each text is compared with the texts that have the same meaning: attention's with
// attention's, those of the norm before it with those of the norm before it.
#pragma once

#include "reports/document/diagram.h"

namespace llmarch::reports {

// Marks the texts that not all panels have at their place, and says so in the legend. Where a block
// is of another kind, its title alone is marked. Where more than half of the texts would be,
// none is.
void mark_differences(Diagram& diagram);

}  // namespace llmarch::reports
