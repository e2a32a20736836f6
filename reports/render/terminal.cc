#include "reports/render/terminal.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "reports/document/text.h"
#include "reports/render/table_layout.h"
#include "reports/render/terminal_chart.h"
#include "reports/render/terminal_diagram.h"

namespace llmarch::reports {
namespace {

std::string_view ansi_code(Emphasis emphasis) {
  switch (emphasis) {
    case Emphasis::plain: return "";
    case Emphasis::differs: return "\x1b[33m";
    case Emphasis::strong: return "\x1b[1m";
    case Emphasis::good: return "\x1b[32m";
    case Emphasis::bad: return "\x1b[31m";
    case Emphasis::faint: return "\x1b[2m";
  }
  return "";
}

std::string paint(std::string_view text, Emphasis emphasis, Colour colour) {
  const std::string_view code = colour == Colour::ansi ? ansi_code(emphasis) : "";
  if (code.empty() || text.empty()) return std::string(text);
  return std::string(code).append(text).append("\x1b[0m");
}

std::string repeat(std::string_view stroke, std::size_t times) {
  std::string line;
  for (std::size_t i = 0; i < times; ++i) line += stroke;
  return line;
}

// A cell wrapped to its column's width, ready to be drawn line by line.
struct Slot {
  std::vector<std::string> lines;
  std::size_t width;
  std::size_t indent;
  Alignment alignment;
  Emphasis emphasis;
};

Slot make_slot(const Cell& cell, const PanelColumn& place, Alignment alignment,
               std::size_t indent) {
  return {wrap(cell.text, place.width - indent), place.width, indent, alignment, cell.emphasis};
}

std::size_t spaces_before(const Slot& slot, std::size_t text_width) {
  const std::size_t spare = slot.width - slot.indent - text_width;
  switch (slot.alignment) {
    case Alignment::left: return slot.indent;
    case Alignment::right: return slot.indent + spare;
    case Alignment::centre: return slot.indent + spare / 2;
  }
  return slot.indent;
}

// Spaces are held back until something follows them, so that no line ends in spaces, and written
// outside of the colour, so that an emphasis never colours padding.
std::string draw_line(const std::vector<Slot>& slots, std::size_t index, Colour colour) {
  std::string line;
  std::size_t pending = 0;
  for (const Slot& slot : slots) {
    const std::string text = index < slot.lines.size() ? slot.lines[index] : "";
    const std::size_t text_width = display_width(text);
    const std::size_t before = spaces_before(slot, text_width);
    if (!text.empty()) {
      line.append(pending + before, ' ').append(paint(text, slot.emphasis, colour));
      pending = 0;
    }
    pending += slot.width + column_gap - (text.empty() ? 0 : before + text_width);
  }
  return line + "\n";
}

std::size_t height(const std::vector<Slot>& slots) {
  std::size_t lines = 0;
  for (const Slot& slot : slots) lines = std::max(lines, slot.lines.size());
  return lines;
}

std::string draw(const std::vector<Slot>& slots, Colour colour) {
  std::string text;
  for (std::size_t i = 0; i < height(slots); ++i) text += draw_line(slots, i, colour);
  return text;
}

std::string wrapped(std::string_view text, std::size_t width, Emphasis emphasis, Colour colour) {
  std::string lines;
  for (const std::string& line : wrap(text, width)) lines += paint(line, emphasis, colour) + "\n";
  return lines;
}

// A remark, with its further lines indented to its first word.
std::string bulleted(std::string_view text, std::size_t width) {
  constexpr std::string_view bullet = "- ";
  std::string lines;
  for (const std::string& line : wrap(text, width - bullet.size())) {
    lines += lines.empty() ? bullet : "  ";
    lines += line + "\n";
  }
  return lines;
}

// Draws one panel, row by row.
class PanelPainter {
 public:
  PanelPainter(const Table& table, const Panel& panel, TerminalStyle style)
      : table_(table), panel_(panel), style_(style) {}

  std::string paint_all() {
    std::string text = column_headings() + horizontal_rule();
    for (const Row& row : table_.rows) text += std::visit(*this, row);
    return text;
  }

  std::string operator()(const CellRow& row) {
    std::vector<Slot> slots;
    for (const PanelColumn& place : panel_) {
      const std::size_t indent = place.index == 0 && in_group_ ? group_indent(place.width) : 0;
      slots.push_back(make_slot(row.cells[place.index], place, alignment(place), indent));
    }
    return draw(slots, style_.colour);
  }

  std::string operator()(const GroupHeading& group) {
    in_group_ = true;
    return wrapped(group.text, style_.width, Emphasis::strong, style_.colour);
  }

 private:
  [[nodiscard]] Alignment alignment(const PanelColumn& place) const {
    return table_.columns[place.index].alignment;
  }

  // Headings of different heights are aligned at the rule, next to the figures that they name.
  [[nodiscard]] std::string column_headings() const {
    std::vector<Slot> slots;
    for (const PanelColumn& place : panel_) {
      const Cell heading{.text = table_.columns[place.index].heading, .emphasis = Emphasis::strong};
      slots.push_back(make_slot(heading, place, alignment(place), 0));
    }
    const std::size_t tallest = height(slots);
    for (Slot& slot : slots) slot.lines.insert(slot.lines.begin(), tallest - slot.lines.size(), "");
    return draw(slots, style_.colour);
  }

  [[nodiscard]] std::string horizontal_rule() const {
    return paint(repeat("─", panel_width(panel_)), Emphasis::faint, style_.colour) + "\n";
  }

  const Table& table_;
  const Panel& panel_;
  TerminalStyle style_;
  bool in_group_ = false;
};

std::string underlined(std::string_view text, std::string_view stroke, TerminalStyle style) {
  std::size_t widest = 0;
  for (const std::string& line : wrap(text, style.width)) {
    widest = std::max(widest, display_width(line));
  }
  return wrapped(text, style.width, Emphasis::strong, style.colour) +
         paint(repeat(stroke, widest), Emphasis::faint, style.colour) + "\n";
}

// Each block as whole lines; the caller separates the blocks.
class BlockPainter {
 public:
  explicit BlockPainter(TerminalStyle style) : style_(style) {}

  std::string operator()(const Heading& heading) const {
    switch (heading.level) {
      case HeadingLevel::section: return underlined(heading.text, "─", style_);
      case HeadingLevel::subsection: break;
    }
    return wrapped(heading.text, style_.width, Emphasis::strong, style_.colour);
  }

  std::string operator()(const Paragraph& paragraph) const {
    return wrapped(paragraph.text, style_.width, Emphasis::plain, style_.colour);
  }

  std::string operator()(const Table& table) const {
    check_shape(table);
    std::string text;
    if (!table.caption.empty()) {
      text = wrapped(table.caption, style_.width, Emphasis::strong, style_.colour) + "\n";
    }
    for (const Panel& panel : lay_out(table, style_.width)) {
      text += PanelPainter(table, panel, style_).paint_all() + "\n";
    }
    if (!text.empty()) text.pop_back();  // panels are separated by an empty line, not ended by one
    return text;
  }

  std::string operator()(const Preformatted& preformatted) const {
    std::string text = printable(preformatted.text);
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }

  std::string operator()(const Chart& chart) const {
    return wrapped(chart.caption, style_.width, Emphasis::strong, style_.colour) + "\n" +
           render_terminal_chart(chart, style_.width);
  }

  std::string operator()(const Diagram& diagram) const {
    const std::string text = render_terminal_diagram(diagram);
    return text.empty() ? "" : (*this)(Preformatted{text});
  }

  std::string operator()(const Figure& figure) const {
    return (*this)(Preformatted{text_of(figure)});
  }

  std::string operator()(const Notes& notes) const {
    std::string text;
    for (const std::string& line : notes.lines) text += bulleted(line, style_.width);
    return text;
  }

 private:
  TerminalStyle style_;
};

}  // namespace

std::string render_terminal(const Document& document, TerminalStyle style) {
  style.width = std::max(style.width, narrowest_terminal);
  std::string text;
  if (!document.title.empty()) text = underlined(document.title, "═", style);
  for (const Block& block : document.blocks) {
    const std::string drawn = std::visit(BlockPainter(style), block);
    if (!text.empty() && !drawn.empty()) text += '\n';
    text += drawn;
  }
  return text;
}

}  // namespace llmarch::reports
