// How a figure of a study's expression becomes a cell, by its unit.
#pragma once

#include "reports/say/cells.h"
#include "sim/study/expression.h"

namespace llmarch::reports {

Cell figure_cell(const FigureValue& figure, const FigureForm& form, Digits digits);

}  // namespace llmarch::reports
