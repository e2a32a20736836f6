#include "reports/document/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace llmarch::reports {

void check_shape(const Table& table) {
  const std::size_t columns = table.columns.size();
  if (table.row_heading_columns > columns) {
    throw std::logic_error(fmt::format("table '{}' has {} row heading columns and {} columns",
                                       table.caption, table.row_heading_columns, columns));
  }
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto* row = std::get_if<CellRow>(&table.rows[i]);
    if (row == nullptr || row->cells.size() == columns) continue;
    throw std::logic_error(fmt::format("table '{}' has {} columns and row {} has {} cells",
                                       table.caption, columns, i, row->cells.size()));
  }
}

bool has_groups(const Table& table) {
  return std::ranges::any_of(
      table.rows, [](const Row& row) { return std::holds_alternative<GroupHeading>(row); });
}

}  // namespace llmarch::reports
