#include "reports/render/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "reports/document/markup.h"
#include "reports/pictures/pictures.h"
#include "reports/pictures/svg.h"

namespace llmarch::reports {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --faint: #57606a;
  --rule: #d5dae0; --band: #f3f5f8; --mark: #fff0bf; --good: #1a7f37; --bad: #b3261e;
  --shade: rgba(30, 40, 60, .3); }
@media (prefers-color-scheme: dark) { :root { --paper: #14181e; --ink: #e6e9ee; --faint: #9aa4b2;
  --rule: #313a46; --band: #1d232b; --mark: #4d3c0a; --good: #57c278; --bad: #ff8a80;
  --shade: rgba(190, 210, 255, .3); } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 76rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial,
  sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .7rem; padding-bottom: .2rem;
  border-bottom: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
p, li { max-width: 46rem; overflow-wrap: break-word; }
.notes { color: var(--faint); font-size: .9rem; padding-left: 1.2rem; }
nav ul { columns: 22rem; padding-left: 1.2rem; }
.wide { margin: 1rem 0; }
/* A shade at an edge says that there is more beyond it; at the end, the paper that scrolls hides it. */
.wide, figure { overflow-x: auto; background:
  linear-gradient(to right, var(--paper) 40%, transparent) 0 0 / 3rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 40%, transparent) 100% 0 / 3rem 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) 0 0 / 1.2rem 100% no-repeat scroll,
  linear-gradient(to left, var(--shade), transparent) 100% 0 / 1.2rem 100% no-repeat scroll; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; position: sticky; left: 0; }
th, td { padding: .28rem .7rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); }
thead th:not(:first-child) { min-width: 8rem; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--faint); }
td, thead th { white-space: nowrap; }
td.prose { white-space: normal; min-width: 14rem; }
tbody th { font-weight: 400; position: sticky; left: 0; background: var(--paper); z-index: 1;
  min-width: 7rem; }
tr.group th { background: var(--band); font-weight: 600; }
tbody tr:hover > * { background: var(--band); }
.right { text-align: right; }
.centre { text-align: center; }
.differs { background: var(--mark); font-weight: 600; }
.strong { font-weight: 700; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.faint { color: var(--faint); }
th button { all: unset; cursor: pointer; white-space: pre-line; }
th button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
th[aria-sort] button::after { content: " \25B2"; font-size: .7em; }
th[aria-sort=descending] button::after { content: " \25BC"; }
pre { overflow-x: auto; padding: .8rem; background: var(--band); font-size: .8rem;
  line-height: 1.35; }
figure { margin: 1.2rem 0; border: 1px solid var(--rule); border-radius: 6px; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
@media (max-width: 40rem) {
  h1 { font-size: 1.4rem; }
  caption { max-width: calc(100vw - 2rem); }
  th, td { padding: .28rem .4rem; }
  thead th:not(:first-child) { min-width: 5.5rem; }
  tbody th { min-width: 0; }
  td:not(.right) { white-space: normal; }
  td.prose { min-width: 9rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .wide, figure { overflow: visible; background: none; }
  figure svg { min-width: 0 !important; max-height: 25cm; }
  td, thead th { white-space: normal; }
  thead th:not(:first-child), td.prose { min-width: 0; }
  figure, tr { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
}
)css";

// Rows are sorted within their group; a second click reverses the order.
constexpr std::string_view kScript = R"js(
for (const table of document.querySelectorAll('table')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending';
    heads.forEach(other => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter(row => !row.classList.contains('group'));
      const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const order = (a, b) => {
        const x = key(a), y = key(b), left = Number(x), right = Number(y);
        if (x === '' || y === '') return (x === '') - (y === '');
        const turn = down ? -1 : 1;
        if (!Number.isNaN(left) && !Number.isNaN(right)) return turn * (left - right);
        return turn * x.localeCompare(y, 'en', { numeric: true });
      };
      rows.sort(order).forEach(row => body.append(row));
    }
  }));
}
)js";

std::string_view class_of(Alignment alignment) {
  switch (alignment) {
    case Alignment::left: return "";
    case Alignment::right: return "right";
    case Alignment::centre: return "centre";
  }
  return "";
}

std::string_view class_of(Emphasis emphasis) {
  switch (emphasis) {
    case Emphasis::plain: return "";
    case Emphasis::differs: return "differs";
    case Emphasis::strong: return "strong";
    case Emphasis::good: return "good";
    case Emphasis::bad: return "bad";
    case Emphasis::faint: return "faint";
  }
  return "";
}

std::string class_attribute(std::initializer_list<std::string_view> names) {
  std::string classes;
  for (const std::string_view name : names) {
    if (name.empty()) continue;
    classes += (classes.empty() ? "" : " ") + std::string(name);
  }
  return classes.empty() ? "" : fmt::format(R"( class="{}")", classes);
}

// The value that a column is sorted by, where it is not the text.
struct ValueAttribute {
  std::string operator()(NoValue) const { return ""; }
  std::string operator()(std::int64_t value) const { return attribute(value); }
  std::string operator()(double value) const { return attribute(value); }
  static std::string attribute(auto value) { return fmt::format(R"( data-value="{}")", value); }
};

std::string with_breaks(std::string_view text) {
  std::string html = escape_markup(text);
  for (std::size_t at = 0; (at = html.find('\n', at)) != std::string::npos;) {
    html.replace(at, 1, "<br>");
  }
  return html;
}

std::string linked(std::string_view anchor, std::string_view text) {
  return fmt::format("<a href=\"#{}\">{}</a>", escape_markup(anchor), text);
}

constexpr std::size_t kProse = 48;  // characters; a longer cell is prose, and is wrapped

class HtmlTable {
 public:
  explicit HtmlTable(const Table& table) : table_(table) {}

  std::string write() {
    std::string html = "<div class=\"wide\"><table>\n";
    if (!table_.caption.empty()) {
      html += fmt::format("<caption>{}</caption>\n", escape_markup(table_.caption));
    }
    html += "<thead><tr>";
    for (const Column& column : table_.columns) {
      html +=
          fmt::format(R"(<th scope="col"{}><button type="button">{}</button></th>)",
                      class_attribute({class_of(column.alignment)}), with_breaks(column.heading));
    }
    html += "</tr></thead>\n<tbody>\n";
    for (const Row& row : table_.rows) html += std::visit(*this, row);
    return html + "</tbody>\n</table></div>\n";
  }

  std::string operator()(const CellRow& row) const {
    std::string html = "<tr>";
    for (std::size_t i = 0; i < row.cells.size(); ++i) html += cell(row.cells[i], i);
    return html + "</tr>\n";
  }

  // Each group is a <tbody> of its own, so that its rows are sorted among themselves.
  std::string operator()(const GroupHeading& group) const {
    return fmt::format(
        "</tbody>\n<tbody>\n<tr class=\"group\"><th scope=\"rowgroup\" "
        "colspan=\"{}\">{}</th></tr>\n",
        table_.columns.size(), escape_markup(group.text));
  }

 private:
  [[nodiscard]] std::string cell(const Cell& cell, std::size_t column) const {
    const bool heads = column == 0 && table_.row_heading_columns > 0;
    const std::string_view prose = cell.text.size() > kProse ? "prose" : "";
    std::string text = with_breaks(cell.text);
    if (!cell.link.empty()) text = linked(anchor_of(cell.link), text);
    const std::size_t indent = std::min(cell.text.find_first_not_of(' '), cell.text.size());
    const std::string style = indent == 0 ? ""
                                          : fmt::format(" style=\"padding-left:{:.1f}rem\"",
                                                        0.7 + 0.5 * static_cast<double>(indent));
    return fmt::format("<{0}{1}{2}{5}>{3}</{4}>", heads ? "th scope=\"row\"" : "td",
                       class_attribute({class_of(table_.columns[column].alignment),
                                        class_of(cell.emphasis), prose}),
                       std::visit(ValueAttribute{}, cell.value), text, heads ? "th" : "td", style);
  }

  const Table& table_;
};

std::string figure(const Drawing& drawing) {
  return fmt::format("<figure>{}</figure>\n", render_svg(drawing, SvgUse::page));
}

struct HtmlBlock {
  std::string operator()(const Heading& heading) const {
    const int level = heading.level == HeadingLevel::section ? 2 : 3;
    return fmt::format("<h{0} id=\"{1}\">{2}</h{0}>\n", level, escape_markup(anchor),
                       escape_markup(heading.text));
  }
  std::string operator()(const Paragraph& paragraph) const {
    return fmt::format("<p>{}</p>\n", with_breaks(paragraph.text));
  }
  std::string operator()(const Table& table) const {
    check_shape(table);
    return table.columns.empty() ? "" : HtmlTable(table).write();
  }
  std::string operator()(const Preformatted& drawing) const {
    return fmt::format("<pre>{}</pre>\n", escape_markup(drawing.text));
  }
  std::string operator()(const Notes& notes) const {
    std::string html = "<ul class=\"notes\">\n";
    for (const std::string& line : notes.lines) {
      html += fmt::format("<li>{}</li>\n", with_breaks(line));
    }
    return html + "</ul>\n";
  }
  std::string operator()(const Chart&) const { return figure(*drawing_of(block)); }
  std::string operator()(const Diagram&) const { return figure(*drawing_of(block)); }
  std::string operator()(const Figure&) const { return figure(*drawing_of(block)); }

  const Block& block;
  const std::string& anchor;  // of a heading
};

// The anchor of each heading, empty for other blocks. Headings of one text are numbered from the
// second on.
std::vector<std::string> anchors_of(const Document& document) {
  std::vector<std::string> anchors;
  std::map<std::string, int> taken;
  for (const Block& block : document.blocks) {
    std::string& anchor = anchors.emplace_back();
    const auto* heading = std::get_if<Heading>(&block);
    if (heading == nullptr) continue;
    anchor = anchor_of(heading->text);
    if (const int before = taken[anchor]++; before > 0) anchor += fmt::format("-{}", before);
  }
  return anchors;
}

// The sections of a long document.
std::string contents(const Document& document, const std::vector<std::string>& anchors) {
  constexpr int kFewest = 3;
  int sections = 0;
  std::string html = "<nav aria-label=\"Contents\"><ul>\n";
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const auto* heading = std::get_if<Heading>(&document.blocks[i]);
    if (heading == nullptr || heading->level != HeadingLevel::section) continue;
    html += fmt::format("<li>{}</li>\n", linked(anchors[i], escape_markup(heading->text)));
    ++sections;
  }
  return sections < kFewest ? "" : html + "</ul></nav>\n";
}

}  // namespace

std::string render_html(const Document& document) {
  const std::string title = escape_markup(document.title.empty() ? "llmarch" : document.title);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n",
      title, kStyle, picture_style());
  if (!document.title.empty()) html += fmt::format("<h1>{}</h1>\n", title);
  const std::vector<std::string> anchors = anchors_of(document);
  html += contents(document, anchors);
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const Block& block = document.blocks[i];
    html += std::visit(HtmlBlock{block, anchors[i]}, block);
  }
  return html + fmt::format("<script>{}</script>\n</body>\n</html>\n", kScript);
}

}  // namespace llmarch::reports
