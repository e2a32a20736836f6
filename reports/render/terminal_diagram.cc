#include "reports/render/terminal_diagram.h"

#include <vector>

namespace llmarch::reports {
namespace {

using Lines = std::vector<std::string>;

// A cache is one line of text. The inside of a block is drawn only in pictures.
struct AsideText {
  std::string operator()(const NoAside&) const { return ""; }
  std::string operator()(const PathsAside&) const { return ""; }
  std::string operator()(const ExpertsAside&) const { return ""; }
  std::string operator()(const CacheAside& cache) const {
    std::string text = "cache:";
    for (const DiagramText& line : cache.lines) text += " " + line.text;
    return text;
  }
};

// Appends the layers that have the part, its title and its details, each indented under the one
// before.
void append_part(const DiagramPart& part, std::string indent, Lines& lines) {
  if (!part.where.text.empty()) {
    lines.push_back(indent + part.where.text);
    indent += "  ";
  }
  if (!part.title.text.empty()) {
    lines.push_back(indent + (part.join == Join::sum ? "+ " : "") + part.title.text);
    indent += "  ";
  }
  for (const DiagramText& detail : part.details) lines.push_back(indent + detail.text);
  const std::string aside = std::visit(AsideText{}, part.aside);
  if (!aside.empty()) lines.push_back(indent + aside);
}

// Parts without a title of their own are indented under the first part, which has the title. A part
// that is added to another is at the same level, below the same layers.
Lines lines_of(const DiagramBox& box) {
  Lines lines;
  std::string under_layers;
  for (const DiagramPart& part : box.parts) {
    if (part.join == Join::alternative) under_layers = part.where.text.empty() ? "" : "  ";
    const bool indented = part.title.text.empty();
    append_part(part, indented ? "  " : part.join == Join::sum ? under_layers : "", lines);
  }
  return lines;
}

class PanelWriter {
 public:
  std::string write(const DiagramPanel& panel) {
    line("tokens");
    for (const DiagramItem& item : panel.items) std::visit(*this, item);
    line("│");
    line("logits");
    return std::move(text_);
  }

  void operator()(const DiagramBox& box) {
    line("│");
    for (const std::string& text : lines_of(box)) line(text);
  }

  void operator()(const DiagramBranch& branch) {
    line("│");
    bool first = true;
    for (const DiagramBox& step : branch.steps) {
      if (!first) line("│      ↓");
      std::string margin = first ? "├──► " : "│    ";
      for (const std::string& text : lines_of(step)) {
        line(margin + text);
        margin = "│    ";
      }
      first = false;
    }
    line("⊕ ◄──┘");
  }

  void operator()(const DiagramFrame& frame) {
    line("│");
    text_ += "  ┌ " + frame.repeat.text + "\n";
    margin_ = "  │ ";
    for (const FrameItem& item : frame.items) std::visit(*this, item);
    margin_ = "    ";
    text_ += "  └ │\n";
  }

 private:
  void line(const std::string& text) { text_ += margin_ + text + "\n"; }

  std::string margin_ = "    ";
  std::string text_;
};

}  // namespace

std::string render_terminal_diagram(const Diagram& diagram) {
  return diagram.panels.size() == 1 ? PanelWriter().write(diagram.panels.front()) : "";
}

}  // namespace llmarch::reports
