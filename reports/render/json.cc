#include "reports/render/json.h"

#include <nlohmann/json.hpp>

#include "reports/render/terminal_diagram.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// A cell without a value is its text.
struct ValueJson {
  const std::string& text;
  Json operator()(NoValue) const { return text; }
  Json operator()(std::int64_t value) const { return value; }
  Json operator()(double value) const { return value; }
};

// Every cell under its column's heading; the first column often has no heading.
Json row_json(const Table& table, const CellRow& row, const std::string& group) {
  Json json = Json::object();
  if (!group.empty()) json["group"] = group;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const std::string& heading = table.columns[i].heading;
    json[heading.empty() ? "row" : heading] =
        std::visit(ValueJson{row.cells[i].text}, row.cells[i].value);
  }
  return json;
}

struct RowsWriter {
  const Table& table;
  std::string group;
  Json rows;
  void operator()(const GroupHeading& heading) { group = heading.text; }
  void operator()(const CellRow& row) { rows.push_back(row_json(table, row, group)); }
};

Json series_json(const Series& series) {
  Json points = Json::array();
  for (const ChartPoint& point : series.points) points.push_back({point.x, point.y});
  return {{"label", series.label}, {"points", std::move(points)}};
}

struct Writer {
  Json operator()(const Heading& heading) const { return {{"heading", heading.text}}; }
  Json operator()(const Paragraph& paragraph) const { return {{"paragraph", paragraph.text}}; }
  Json operator()(const Preformatted& drawing) const { return {{"preformatted", drawing.text}}; }
  Json operator()(const Notes& notes) const { return {{"notes", notes.lines}}; }
  Json operator()(const Diagram& diagram) const {
    return {{"diagram", diagram.caption}, {"text", render_terminal_diagram(diagram)}};
  }
  Json operator()(const Figure& figure) const {
    return {{"figure", figure.caption}, {"text", text_of(figure)}};
  }
  Json operator()(const Chart& chart) const {
    Json series = Json::array();
    for (const Series& line : chart.series) series.push_back(series_json(line));
    Json marks = Json::array();
    for (const ChartMark& mark : chart.marks) {
      marks.push_back({{"x", mark.at.x}, {"y", mark.at.y}, {"text", mark.text}});
    }
    return {{"chart", chart.caption},
            {"x", chart.x.label},
            {"y", chart.y.label},
            {"series", std::move(series)},
            {"marks", std::move(marks)}};
  }
  Json operator()(const Table& table) const {
    RowsWriter writer{table, {}, Json::array()};
    for (const Row& row : table.rows) std::visit(writer, row);
    return {{"table", table.caption}, {"rows", std::move(writer.rows)}};
  }
};

}  // namespace

std::string render_json(const Document& document) {
  Json json = {{"title", document.title}, {"blocks", Json::array()}};
  for (const Block& block : document.blocks) json["blocks"].push_back(std::visit(Writer{}, block));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace llmarch::reports
