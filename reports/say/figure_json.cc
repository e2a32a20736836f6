#include "reports/say/figure_json.h"

namespace llmarch::reports {

nlohmann::ordered_json figure_json(const FigureValue& figure) {
  if (const auto* whole = std::get_if<Integer>(&figure)) return whole->value();
  if (const auto* real = std::get_if<double>(&figure)) return *real;
  return std::get<std::string>(figure);
}

nlohmann::ordered_json unit_json(const FigureForm& form) {
  if (form.kind != FigureForm::Kind::quantity || form.unit == Unit::number) return nullptr;
  return name_of(form.unit);
}

}  // namespace llmarch::reports
