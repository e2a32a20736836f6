// Is a table that was built wrongly refused, and named?
#include "reports/document/document.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "reports/render/csv.h"
#include "reports/render/markdown.h"
#include "reports/render/terminal.h"

namespace llmarch::reports {
namespace {

Table short_row() {
  return {.caption = "KV cache",
          .columns = {{"model"}, {"bytes"}},
          .rows = {GroupHeading{"cached"}, CellRow{{Cell{"A"}}}}};
}

std::string complaint(const Table& table) {
  try {
    check_shape(table);
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

TEST(CheckShape, NamesTheTableAndTheRowThatLacksACell) {
  EXPECT_EQ(complaint(short_row()), "table 'KV cache' has 2 columns and row 1 has 1 cells");
}

TEST(CheckShape, NamesATableWithMoreRowHeadingsThanColumns) {
  const Table table{.caption = "T", .row_heading_columns = 2, .columns = {{"model"}}};
  EXPECT_EQ(complaint(table), "table 'T' has 2 row heading columns and 1 columns");
}

TEST(CheckShape, AcceptsATableWithoutRows) {
  EXPECT_EQ(complaint({.columns = {{"model"}}}), "");
}

TEST(Renderers, RefuseATableThatTheyCannotDraw) {
  const Document document{.blocks = {short_row()}};
  EXPECT_THROW(render_terminal(document, {}), std::logic_error);
  EXPECT_THROW(render_markdown(document), std::logic_error);
  EXPECT_THROW(render_csv(document), std::logic_error);
}

}  // namespace
}  // namespace llmarch::reports
