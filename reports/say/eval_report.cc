#include "reports/say/eval_report.h"

#include "reports/say/figure_cell.h"
#include "reports/say/figure_json.h"
#include "reports/say/model_json.h"
#include "reports/say/setting_json.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// "  " before a part puts it below what it is a part of.
CellRow evaluated_row(const std::string& indent, const EvaluatedExpression& one, Digits digits) {
  return {{text_cell(indent + one.label), figure_cell(one.value, one.expression.form, digits)}};
}

Json evaluated_json(const EvaluatedExpression& one) {
  Json json{{"expression", one.label},
            {"value", figure_json(one.value)},
            {"unit", unit_json(one.expression.form)}};
  for (const EvaluatedExpression& part : one.parts) json["parts"].push_back(evaluated_json(part));
  return json;
}

}  // namespace

Document eval_document(const EvaluatedExpressions& evaluated, Digits digits) {
  Document document{.title = "What expressions come to"};
  document.blocks.emplace_back(Paragraph{words_of(stated(evaluated.setting))});
  Table table{.columns = {text_column("expression"), figure_column("value")}};
  for (const EvaluatedExpression& one : evaluated.all) {
    table.rows.emplace_back(evaluated_row("", one, digits));
    for (const EvaluatedExpression& part : one.parts) {
      table.rows.emplace_back(evaluated_row("  ", part, digits));
    }
  }
  document.blocks.emplace_back(std::move(table));
  return document;
}

std::string eval_json(const EvaluatedExpressions& evaluated) {
  Json json{{"workload", setting_json(stated(evaluated.setting))}, {"figures", Json::array()}};
  for (const EvaluatedExpression& one : evaluated.all) {
    json["figures"].push_back(evaluated_json(one));
  }
  return indented(json);
}

}  // namespace llmarch::reports
