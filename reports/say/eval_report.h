// What expressions come to, as a document and in a stable JSON.
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/expression.h"

namespace llmarch::reports {

struct EvaluatedExpression {
  std::string label;
  Expression expression;
  FigureValue value;
  std::vector<EvaluatedExpression> parts = {};  // the figures that it is put together from
};

struct EvaluatedExpressions {
  Setting setting;
  std::vector<EvaluatedExpression> all;
};

Document eval_document(const EvaluatedExpressions& evaluated, Digits digits);
std::string eval_json(const EvaluatedExpressions& evaluated);

}  // namespace llmarch::reports
