// Reads the expressions of a study against the known models, machines and quantities. The grammar
// is in expression.h.
#pragma once

#include <string_view>

#include "sim/study/expression.h"
#include "sim/study/study_models.h"

namespace llmarch {

// Throw ExpressionError.
Check read_check(std::string_view text, const StudyModels& models);
LabelledExpression read_labelled(std::string_view text, const StudyModels& models);

}  // namespace llmarch
