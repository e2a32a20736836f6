#include "reports/document/figure.h"

#include <fmt/format.h>

#include "reports/document/text.h"

namespace llmarch::reports {
namespace {

std::string_view sign_of(Attended attended) {
  switch (attended) {
    case Attended::no: return "·";
    case Attended::yes: return "█";
    case Attended::entry: return "▒";
    case Attended::sink: return "s";
  }
  return "";
}

// Heads and the boxes of latent attention are said by the panel's details.
struct BodyText {
  std::string operator()(const HeadsFigure&) const { return ""; }
  std::string operator()(const LatentFigure&) const { return ""; }
  std::string operator()(const MaskFigure& mask) const {
    std::string text;
    for (const auto& row : mask.rows) {
      text += "  ";
      for (const Attended attended : row) text += sign_of(attended);
      text += '\n';
    }
    return text;
  }
  std::string operator()(const LayersFigure& layers) const {
    std::string text = "  ";
    for (const std::size_t kind : layers.layers) text += static_cast<char>('a' + kind % 26);
    text += '\n';
    for (std::size_t i = 0; i < layers.kinds.size(); ++i) {
      text += fmt::format("  {}: {}\n", static_cast<char>('a' + i % 26), layers.kinds[i]);
    }
    return text;
  }
  std::string operator()(const BarsFigure& bars) const {
    std::string text;
    for (const Bar& bar : bars.bars) text += fmt::format("  {}: {}\n", bar.label, bar.text);
    return text;
  }
};

}  // namespace

std::string text_of(const Figure& figure) {
  std::string text = figure.caption + "\n";
  for (const FigurePanel& panel : figure.panels) {
    text += "\n";
    if (!panel.title.empty()) text += panel.title + "\n";
    for (const std::string& detail : panel.details) text += "  " + detail + "\n";
    text += std::visit(BodyText{}, panel.body);
  }
  return printable(text);
}

}  // namespace llmarch::reports
