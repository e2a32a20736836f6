// How functions that know some rows of a comparison write them: a heading, and a row with a figure
// of every model.
#pragma once

#include <functional>
#include <string>

#include "reports/document/document.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

struct ComparisonWriter {
  std::function<void(std::string)> group;
  std::function<void(const std::string&, const std::function<Cell(const ModelFigures&)>&)> row;
};

}  // namespace llmarch::reports
