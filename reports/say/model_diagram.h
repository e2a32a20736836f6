// The blocks of models as a Diagram: which blocks there are in which order, and what differs from
// model to model. What is written on a block is known by sim/describe.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "sim/study/model.h"

namespace llmarch::reports {

// Models side by side; what not all of them have at a place is marked.
Diagram model_diagram(const std::vector<const Model*>& models);

}  // namespace llmarch::reports
