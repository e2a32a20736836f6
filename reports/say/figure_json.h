// A figure of an expression in the stable JSON: its value, and the unit of which it is.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/study/figure_form.h"

namespace llmarch::reports {

nlohmann::ordered_json figure_json(const FigureValue& figure);
// Null for a figure without a unit.
nlohmann::ordered_json unit_json(const FigureForm& form);

}  // namespace llmarch::reports
