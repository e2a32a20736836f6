#include "reports/say/structure_cells.h"

#include "reports/say/cells.h"

namespace llmarch::reports {
namespace {

using MaybeValue = std::optional<StructureValue>;

Cell structure_cell(const MaybeValue& value) {
  if (!value) return text_cell("–");
  return value->number ? number_cell(*value->number) : text_cell(value->text);
}

bool same_value(const MaybeValue& a, const MaybeValue& b) {
  return a.has_value() == b.has_value() && (!a || a->text == b->text);
}

Cell difference_cell(const MaybeValue& value, const MaybeValue& first) {
  if (same_value(value, first)) return text_cell("");
  Cell cell = text_cell("≠");
  if (value && first && value->number && first->number && *first->number > 0) {
    cell = ratio_cell(static_cast<double>(*value->number) / static_cast<double>(*first->number));
    cell.text = "≠ " + cell.text;
  }
  cell.emphasis = Emphasis::differs;
  return cell;
}

}  // namespace

CellRow compared_structure(const StructureRow& row) {
  const MaybeValue& first = row.values.front();
  CellRow cells{{text_cell(row.label), structure_cell(first)}};
  for (std::size_t i = 1; i < row.values.size(); ++i) {
    Cell cell = structure_cell(row.values[i]);
    if (!same_value(row.values[i], first)) cell.emphasis = Emphasis::differs;
    cells.cells.push_back(std::move(cell));
    cells.cells.push_back(difference_cell(row.values[i], first));
  }
  return cells;
}

}  // namespace llmarch::reports
