#include "reports/render/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/document/text.h"
#include "sim/decimal.h"

namespace llmarch::reports {
namespace {

using Fields = std::vector<std::string>;

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double ignored = 0;
  const auto [end, error] = read_decimal(text, ignored);
  return error == std::errc() && end == text.data() + text.size();
}

// Blanks before the sign do not stop a spreadsheet from running the formula. Printable text has no
// tabs or carriage returns, only spaces.
std::string safe_text(const std::string& given) {
  constexpr std::string_view kSigns = "=+-@";
  std::string text = printable(given);
  const std::size_t first = text.find_first_not_of(" \n");
  const bool formula = first != std::string::npos && kSigns.find(text[first]) != std::string::npos;
  return formula && !is_number(text) ? "'" + text : text;
}

std::string quoted(const std::string& field) {
  const bool edge_space = field.starts_with(' ') || field.ends_with(' ');
  if (!edge_space && field.find_first_of(",\"\n\r") == std::string::npos) return field;
  std::string result = "\"";
  for (const char c : field) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

// A line of one empty field would look like the empty line between tables.
std::string csv_line(const Fields& fields) {
  if (fields.size() == 1 && fields.front().empty()) return "\"\"\n";
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    line += quoted(fields[i]);
  }
  return line + "\n";
}

// The value in full; nothing for a cell without a value that a program could read.
struct ExactValue {
  std::optional<std::string> operator()(NoValue) const { return std::nullopt; }
  std::optional<std::string> operator()(std::int64_t value) const { return std::to_string(value); }
  std::optional<std::string> operator()(double value) const {
    if (!std::isfinite(value)) return std::nullopt;
    return fmt::format("{}", value);  // the shortest form that reads back as the same double
  }
};

std::string bare_field(const Cell& cell) {
  return std::visit(ExactValue{}, cell.value).value_or(safe_text(cell.text));
}

std::string field_with_unit(const Cell& cell) {
  const auto exact = std::visit(ExactValue{}, cell.value);
  if (!exact) return safe_text(cell.text);
  return cell.unit.empty() ? *exact : safe_text(*exact + " " + cell.unit);
}

bool has_unit(const Cell& cell) {
  return !cell.unit.empty() && !std::holds_alternative<NoValue>(cell.value);
}

// The unit that all figures of a row share; empty when they have none, nullopt when they differ.
std::optional<std::string> shared_unit(std::span<const Cell> cells) {
  std::string unit;
  for (const Cell& cell : cells) {
    if (!has_unit(cell) || cell.unit == unit) continue;
    if (!unit.empty()) return std::nullopt;
    unit = cell.unit;
  }
  return unit;
}

// Whether a table has the group column, which only some tables need.
enum class GroupColumn { absent, present };
enum class UnitColumn { absent, present };

UnitColumn unit_column(const Table& table) {
  for (const Row& row : table.rows) {
    const auto* cell_row = std::get_if<CellRow>(&row);
    if (cell_row == nullptr) continue;
    const auto data = std::span(cell_row->cells).subspan(table.row_heading_columns);
    if (std::ranges::any_of(data, has_unit)) return UnitColumn::present;
  }
  return UnitColumn::absent;
}

class CsvTable {
 public:
  explicit CsvTable(const Table& table)
      : table_(table),
        groups_(has_groups(table) ? GroupColumn::present : GroupColumn::absent),
        units_(unit_column(table)) {}

  std::string write() {
    std::string text = csv_line(header());
    for (const Row& row : table_.rows) text += std::visit(*this, row);
    return text;
  }

  std::string operator()(const CellRow& row) const {
    const auto headings = std::span(row.cells).first(table_.row_heading_columns);
    const auto data = std::span(row.cells).subspan(table_.row_heading_columns);
    const auto unit = shared_unit(data);
    Fields fields = group_field(safe_text(group_));
    for (const Cell& cell : headings) fields.push_back(bare_field(cell));
    if (units_ == UnitColumn::present) fields.push_back(safe_text(unit.value_or("")));
    for (const Cell& cell : data) {
      fields.push_back(unit ? bare_field(cell) : field_with_unit(cell));
    }
    return csv_line(fields);
  }

  std::string operator()(const GroupHeading& group) {
    group_ = group.text;
    return "";
  }

 private:
  [[nodiscard]] Fields group_field(std::string text) const {
    return groups_ == GroupColumn::present ? Fields{std::move(text)} : Fields{};
  }

  [[nodiscard]] Fields header() const {
    Fields fields = group_field("group");
    for (std::size_t i = 0; i <= table_.columns.size(); ++i) {
      const bool data_begin = i == table_.row_heading_columns;
      if (data_begin && units_ == UnitColumn::present) fields.emplace_back("unit");
      if (i < table_.columns.size()) fields.push_back(safe_text(table_.columns[i].heading));
    }
    return fields;
  }

  const Table& table_;
  GroupColumn groups_;
  UnitColumn units_;
  std::string group_;
};

struct CsvBlock {
  std::string operator()(const Table& table) const {
    check_shape(table);
    return table.columns.empty() ? "" : CsvTable(table).write();
  }
  std::string operator()(const Heading&) const { return ""; }
  std::string operator()(const Paragraph&) const { return ""; }
  std::string operator()(const Preformatted&) const { return ""; }
  std::string operator()(const Notes&) const { return ""; }
  std::string operator()(const Chart&) const { return ""; }
  std::string operator()(const Diagram&) const { return ""; }
  std::string operator()(const Figure&) const { return ""; }
};

}  // namespace

std::string render_csv(const Document& document) {
  std::string text;
  for (const Block& block : document.blocks) {
    const std::string table = std::visit(CsvBlock{}, block);
    if (!text.empty() && !table.empty()) text += '\n';
    text += table;
  }
  return text;
}

std::string csv_field(const std::string& text) {
  return quoted(safe_text(text));
}

}  // namespace llmarch::reports
