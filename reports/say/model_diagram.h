// The blocks of models as a Diagram: which blocks there are, in which order, and what differs
// between models. The texts on a block are known by sim/describe.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "sim/study/model.h"

namespace llmarch::reports {

// Models side by side; texts that not all of them have at a place are marked.
Diagram model_diagram(const std::vector<const Model*>& models);

}  // namespace llmarch::reports
