// The structure of models as cells: what a model has, and how it differs from the first.
#pragma once

#include "reports/document/document.h"
#include "sim/describe/structure.h"

namespace llmarch::reports {

// The label, then a cell for each model, with a dash where it has no such part. All but the first
// are followed by one that marks a difference from the first.
CellRow compared_structure(const StructureRow& row);

}  // namespace llmarch::reports
