// The rows of a comparison that are about the ranks of a deployment.
#pragma once

#include <functional>
#include <string>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// How the table is written to: a heading, and a row with a figure of every model.
struct RankRowsWriter {
  std::function<void(std::string)> group;
  std::function<void(const std::string&, const std::function<Cell(const ModelFigures&)>&)> row;
};

// For each machine of the comparison; nothing where the setting has no deployment.
void write_rank_rows(const Comparison& comparison, Digits digits, const RankRowsWriter& write);

// What holds for these rows.
std::string rank_note(const Comparison& comparison);

}  // namespace llmarch::reports
