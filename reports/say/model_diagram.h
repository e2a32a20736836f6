// The blocks of models as a Diagram: which blocks there are, what is written on them, what they
// cache, and which of it differs from model to model.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "sim/study/model.h"

namespace llmarch::reports {

// Models side by side; what not all of them have at the same place is marked.
Diagram model_diagram(const std::vector<const Model*>& models);

}  // namespace llmarch::reports
