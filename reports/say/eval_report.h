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

// What each kind of layer adds to a figure: "local: 52 layers x 8 MiB". Empty where the figure is
// no sum over layers.
std::vector<EvaluatedExpression> parts_by_layer(const QuantityCall& call, const Setting& setting,
                                                Digits digits);

Document eval_document(const EvaluatedExpressions& evaluated, Digits digits);
std::string eval_json(const EvaluatedExpressions& evaluated);

}  // namespace llmarch::reports
