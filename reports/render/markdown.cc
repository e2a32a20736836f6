#include "reports/render/markdown.h"

#include <algorithm>
#include <string_view>

#include "reports/document/markup.h"
#include "reports/document/text.h"
#include "reports/render/terminal_chart.h"
#include "reports/render/terminal_diagram.h"

namespace llmarch::reports {
namespace {

// Escapes the characters that Markdown interprets anywhere in a line. '#', '+' and '-' are special
// only at its beginning, but '#' also at a heading's end. On GitHub '~' strikes out and '$' begins
// a formula.
std::string escaped(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\n': return "<br>";
    case '\\':
    case '|':
    case '*':
    case '_':
    case '`':
    case '[':
    case ']':
    case '#':
    case '~':
    case '$': return std::string("\\") + c;
    default: return std::string(1, c);
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Text inside a line: a cell, a heading after its '#'.
std::string inline_text(std::string_view text) {
  std::string markdown;
  for (const char c : printable(trimmed(text))) markdown += escaped(c);
  return markdown;
}

// The position of the punctuation that would make the text a list item or a rule: "1. x", "- x", "+
// x",
// "---". A figure such as "1.5 GiB" is none.
std::size_t marker_position(std::string_view text) {
  constexpr std::size_t none = std::string_view::npos;
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == none) return none;
  const std::string_view markers = digits == 0 ? "-+=" : ".)";
  if (markers.find(text[digits]) == none) return none;
  const bool inside_a_figure = digits > 0 && digits + 1 < text.size() && text[digits + 1] != ' ';
  return inside_a_figure ? none : digits;
}

// Text at the beginning of a line, where Markdown could take it for a list or a rule.
std::string line_text(std::string_view text) {
  std::string markdown = inline_text(text);
  const std::size_t marker = marker_position(markdown);
  if (marker != std::string_view::npos) markdown.insert(marker, "\\");
  return markdown;
}

std::string bold(std::string_view text) {
  const std::string markdown = inline_text(text);
  return markdown.empty() ? "" : "**" + markdown + "**";
}

// The spaces that a text begins with, written so that they are kept.
std::string indent_of(std::string_view text) {
  std::string indent;
  for (std::size_t i = 0; i < text.size() && text[i] == ' '; ++i) indent += "&ensp;";
  return indent;
}

std::string cell_text(const Cell& cell) {
  if (!cell.link.empty()) {
    return "[" + inline_text(cell.text) + "](#" + anchor_of(cell.link) + ")";
  }
  switch (cell.emphasis) {
    case Emphasis::strong:
    case Emphasis::differs: return bold(cell.text);
    case Emphasis::plain:
    case Emphasis::good:
    case Emphasis::bad:
    case Emphasis::faint: break;
  }
  return inline_text(cell.text);
}

std::string_view delimiter(Alignment alignment) {
  switch (alignment) {
    case Alignment::left: return ":---";
    case Alignment::right: return "---:";
    case Alignment::centre: return ":---:";
  }
  return "---";
}

// A table's line from the text of its cells.
class TableLine {
 public:
  void add(std::string_view text) { line_.append(" ").append(text).append(" |"); }
  [[nodiscard]] std::string finish() const { return line_ + "\n"; }

 private:
  std::string line_ = "|";
};

class RowWriter {
 public:
  explicit RowWriter(std::size_t columns) : columns_(columns) {}

  std::string operator()(const CellRow& row) const {
    TableLine line;
    for (const Cell& cell : row.cells) line.add(indent_of(cell.text) + cell_text(cell));
    return line.finish();
  }

  // Markdown has no cell that spans a table.
  std::string operator()(const GroupHeading& group) const {
    TableLine line;
    line.add(bold(group.text));
    for (std::size_t i = 1; i < columns_; ++i) line.add("");
    return line.finish();
  }

 private:
  std::size_t columns_;
};

std::string header(const Table& table) {
  TableLine headings;
  TableLine delimiters;
  for (const Column& column : table.columns) {
    headings.add(inline_text(column.heading));
    delimiters.add(delimiter(column.alignment));
  }
  return headings.finish() + delimiters.finish();
}

// A fence is closed by the first run of backticks that is as long as itself, so it has to be longer
// than any in the text.
std::string fence_for(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max<std::size_t>(3, longest + 1), '`');
}

constexpr std::size_t kChartColumns = 80;

struct MarkdownBlock {
  std::string operator()(const Heading& heading) const {
    switch (heading.level) {
      case HeadingLevel::section: return "## " + inline_text(heading.text) + "\n";
      case HeadingLevel::subsection: break;
    }
    return "### " + inline_text(heading.text) + "\n";
  }

  std::string operator()(const Paragraph& paragraph) const {
    return line_text(paragraph.text) + "\n";
  }

  std::string operator()(const Table& table) const {
    check_shape(table);
    std::string text;
    if (!table.caption.empty()) text = bold(table.caption) + "\n\n";
    if (table.columns.empty()) return text;
    text += header(table);
    for (const Row& row : table.rows) text += std::visit(RowWriter(table.columns.size()), row);
    return text;
  }

  std::string operator()(const Preformatted& preformatted) const {
    const std::string fence = fence_for(preformatted.text);
    const std::string_view end = preformatted.text.ends_with('\n') ? "" : "\n";
    return fence + "\n" + preformatted.text + std::string(end) + fence + "\n";
  }

  std::string operator()(const Chart& chart) const {
    if (!picture.empty()) return image(chart.caption);
    return bold(chart.caption) + "\n\n" +
           (*this)(Preformatted{render_terminal_chart(chart, kChartColumns)});
  }

  std::string operator()(const Diagram& diagram) const {
    if (!picture.empty()) return image(diagram.caption);
    const std::string text = render_terminal_diagram(diagram);
    return text.empty() ? "" : (*this)(Preformatted{text});
  }

  std::string operator()(const Figure& figure) const {
    if (!picture.empty()) return image(figure.caption);
    return (*this)(Preformatted{text_of(figure)});
  }

  std::string operator()(const Notes& notes) const {
    std::string text;
    for (const std::string& line : notes.lines) text += "- " + line_text(line) + "\n";
    return text;
  }

  [[nodiscard]] std::string image(std::string_view caption) const {
    return "![" + inline_text(caption) + "](" + std::string(picture) + ")\n";
  }

  std::string_view picture;  // the file of the block's picture; empty where there is none
};

}  // namespace

std::string render_markdown(const Document& document, const std::vector<std::string>& pictures) {
  std::string text;
  if (!document.title.empty()) text = "# " + inline_text(document.title) + "\n";
  for (std::size_t i = 0; i < document.blocks.size(); ++i) {
    const std::string_view picture = i < pictures.size() ? pictures[i] : std::string_view();
    const std::string drawn = std::visit(MarkdownBlock{picture}, document.blocks[i]);
    if (!text.empty() && !drawn.empty()) text += '\n';
    text += drawn;
  }
  return text;
}

}  // namespace llmarch::reports
