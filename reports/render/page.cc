#include "reports/render/page.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "reports/document/chart_axis.h"
#include "reports/pictures/pictures.h"
#include "reports/pictures/svg.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// As many as fit beside a narrow chart.
constexpr std::size_t kMostTicks = 7;

std::string_view word_for(Alignment alignment) {
  switch (alignment) {
    case Alignment::left: return "left";
    case Alignment::right: return "right";
    case Alignment::centre: return "centre";
  }
  return "";
}

std::string_view word_for(Emphasis emphasis) {
  switch (emphasis) {
    case Emphasis::plain: return "plain";
    case Emphasis::differs: return "differs";
    case Emphasis::strong: return "strong";
    case Emphasis::good: return "good";
    case Emphasis::bad: return "bad";
    case Emphasis::faint: return "faint";
  }
  return "";
}

struct ValueOf {
  Json& json;
  void operator()(NoValue) const {}
  void operator()(std::int64_t value) const { json["value"] = value; }
  void operator()(double value) const { json["value"] = value; }
};

// What is empty or plain is left out, since a table has hundreds of cells.
Json cell_json(const Cell& cell) {
  Json json = {{"text", cell.text}};
  std::visit(ValueOf{json}, cell.value);
  if (!cell.unit.empty()) json["unit"] = cell.unit;
  if (cell.emphasis != Emphasis::plain) json["emphasis"] = word_for(cell.emphasis);
  return json;
}

struct RowJson {
  Json operator()(const GroupHeading& heading) const { return {{"group", heading.text}}; }
  Json operator()(const CellRow& row) const {
    Json json = {{"cells", Json::array()}};
    for (const Cell& cell : row.cells) json["cells"].push_back(cell_json(cell));
    if (!row.quantity.empty()) json["quantity"] = row.quantity;
    return json;
  }
};

Json column_json(const Column& column) {
  return {{"heading", column.heading},
          {"alignment", word_for(column.alignment)},
          {"joint", column.joint == Joint::to_previous}};
}

Json axis_json(const Axis& axis, const std::vector<double>& values) {
  const ChartAxis placed(axis, values, kMostTicks);
  Json ticks = Json::array();
  for (const Tick& tick : placed.ticks()) {
    ticks.push_back({{"value", tick.value}, {"text", tick.text}});
  }
  return {{"label", title_of(axis)},
          {"logarithmic", axis.scale == Scale::logarithmic},
          {"ticks", std::move(ticks)}};
}

Json curve_json(const Series& series) {
  Json xs = Json::array();
  Json ys = Json::array();
  for (const ChartPoint& point : series.points) {
    xs.push_back(point.x);
    ys.push_back(point.y);
  }
  return {{"label", series.label}, {"x", std::move(xs)}, {"y", std::move(ys)}};
}

struct BlockJson {
  Json operator()(const Heading& heading) const {
    return {{"kind", "heading"},
            {"text", heading.text},
            {"level", heading.level == HeadingLevel::section ? 2 : 3}};
  }
  Json operator()(const Paragraph& paragraph) const {
    return {{"kind", "paragraph"}, {"text", paragraph.text}};
  }
  Json operator()(const Preformatted& listing) const {
    return {{"kind", "preformatted"}, {"text", listing.text}};
  }
  Json operator()(const Notes& notes) const { return {{"kind", "notes"}, {"lines", notes.lines}}; }
  // Whatever is drawn and not a chart.
  static Json drawn(const std::string& caption, const Block& block) {
    return {{"kind", "diagram"},
            {"caption", caption},
            {"svg", render_svg(*drawing_of(block), SvgUse::page)}};
  }
  Json operator()(const Diagram& diagram) const { return drawn(diagram.caption, diagram); }
  Json operator()(const Figure& figure) const { return drawn(figure.caption, figure); }
  Json operator()(const Chart& chart) const {
    Json series = Json::array();
    for (const Series& line : chart.series) series.push_back(curve_json(line));
    Json marks = Json::array();
    for (const ChartMark& mark : chart.marks) {
      marks.push_back({{"x", mark.at.x}, {"y", mark.at.y}, {"text", mark.text}});
    }
    return {{"kind", "chart"},
            {"name", chart.name},
            {"caption", chart.caption},
            {"x", axis_json(chart.x, xs_of(chart))},
            {"y", axis_json(chart.y, ys_of(chart))},
            {"series", std::move(series)},
            {"marks", std::move(marks)}};
  }
  Json operator()(const Table& table) const {
    check_shape(table);
    Json columns = Json::array();
    for (const Column& column : table.columns) columns.push_back(column_json(column));
    Json rows = Json::array();
    for (const Row& row : table.rows) rows.push_back(std::visit(RowJson{}, row));
    return {{"kind", "table"},
            {"caption", table.caption},
            {"columns", std::move(columns)},
            {"rows", std::move(rows)}};
  }
};

}  // namespace

std::string render_page(const Document& document) {
  Json json = {{"title", document.title}, {"blocks", Json::array()}};
  for (const Block& block : document.blocks) {
    json["blocks"].push_back(std::visit(BlockJson{}, block));
  }
  if (has_pictures(document)) json["style"] = picture_style();
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace llmarch::reports
