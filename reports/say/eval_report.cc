#include "reports/say/eval_report.h"

#include <fmt/format.h>

#include "reports/say/figure_cell.h"
#include "reports/say/figure_json.h"
#include "reports/say/model_json.h"
#include "reports/say/quantity_cells.h"
#include "reports/say/setting_json.h"
#include "reports/say/setting_words.h"
#include "sim/study/explain.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// Each figure above those that it is put together from, which are indented.
void add_rows(const EvaluatedExpression& one, const std::string& indent, Digits digits,
              Table& table) {
  table.rows.emplace_back(CellRow{
      {text_cell(indent + one.label), figure_cell(one.value, one.expression.form, digits)}});
  for (const EvaluatedExpression& part : one.parts) add_rows(part, indent + "  ", digits, table);
}

FigureValue as_figure(const QuantityValue& value) {
  return std::visit([](const auto& number) -> FigureValue { return number; }, value);
}

Json evaluated_json(const EvaluatedExpression& one) {
  Json json{{"expression", one.label},
            {"value", figure_json(one.value)},
            {"unit", unit_json(one.expression.form)}};
  for (const EvaluatedExpression& part : one.parts) json["parts"].push_back(evaluated_json(part));
  return json;
}

}  // namespace

std::vector<EvaluatedExpression> parts_by_layer(const QuantityCall& call, const Setting& setting,
                                                Digits digits) {
  std::vector<EvaluatedExpression> parts;
  const Unit unit = call.quantity->unit;
  for (const auto& [block, layers, one, all] :
       shares_of_layers(*call.quantity, *call.model, laid_over(setting, call.setting))) {
    const std::string label = layers == 1 ? block
                                          : fmt::format("{}: {} layers x {}", block, layers.value(),
                                                        quantity_cell(unit, one, digits).text);
    parts.push_back({label, {nullptr, label, form_of(unit)}, as_figure(all)});
  }
  return parts;
}

Document eval_document(const EvaluatedExpressions& evaluated, Digits digits) {
  Document document{.title = "What expressions come to"};
  document.blocks.emplace_back(Paragraph{words_of(stated(evaluated.setting))});
  Table table{.columns = {text_column("expression"), figure_column("value")}};
  for (const EvaluatedExpression& one : evaluated.all) {
    add_rows(one, "", digits, table);
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
