// Notes on how the config of a model was read, below the figures of several models.
#pragma once

#include "reports/document/document.h"
#include "sim/study/model.h"

namespace llmarch::reports {

// One line for each remark, after the name of the model.
void add_remarks(const Model& model, Notes& notes);

}  // namespace llmarch::reports
