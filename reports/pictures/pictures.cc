#include "reports/pictures/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reports/pictures/chart_layout.h"
#include "reports/pictures/diagram_layout.h"
#include "reports/pictures/figure_layout.h"
#include "reports/pictures/svg.h"

namespace llmarch::reports {
namespace {

struct DrawingMaker {
  std::optional<Drawing> operator()(const Chart& chart) const { return lay_out(chart); }
  std::optional<Drawing> operator()(const Diagram& diagram) const { return lay_out(diagram); }
  std::optional<Drawing> operator()(const Figure& figure) const { return lay_out(figure); }
  std::optional<Drawing> operator()(const Heading&) const { return std::nullopt; }
  std::optional<Drawing> operator()(const Paragraph&) const { return std::nullopt; }
  std::optional<Drawing> operator()(const Table&) const { return std::nullopt; }
  std::optional<Drawing> operator()(const Preformatted&) const { return std::nullopt; }
  std::optional<Drawing> operator()(const Notes&) const { return std::nullopt; }
};

struct PictureName {
  std::optional<std::string> operator()(const Chart& chart) const { return chart.name; }
  std::optional<std::string> operator()(const Diagram& diagram) const { return diagram.name; }
  std::optional<std::string> operator()(const Figure& figure) const { return figure.name; }
  std::optional<std::string> operator()(const Heading&) const { return std::nullopt; }
  std::optional<std::string> operator()(const Paragraph&) const { return std::nullopt; }
  std::optional<std::string> operator()(const Table&) const { return std::nullopt; }
  std::optional<std::string> operator()(const Preformatted&) const { return std::nullopt; }
  std::optional<std::string> operator()(const Notes&) const { return std::nullopt; }
};

// Only letters, digits and hyphens, so that the name needs no quoting in a file system or a link.
std::string file_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_';
    if (kept) safe += c;
    if (!kept && !safe.empty() && !safe.ends_with('-')) safe += '-';
  }
  return safe.empty() ? "picture" : safe;
}

}  // namespace

std::optional<Drawing> drawing_of(const Block& block) {
  return std::visit(DrawingMaker{}, block);
}

bool has_pictures(const Document& document) {
  return std::ranges::any_of(document.blocks, [](const Block& block) {
    return std::visit(PictureName{}, block).has_value();
  });
}

std::vector<std::string> picture_files(const Document& document, const std::string& stem) {
  std::vector<std::string> files;
  std::set<std::string> taken;
  for (const Block& block : document.blocks) {
    files.emplace_back();
    const std::optional<std::string> name = std::visit(PictureName{}, block);
    if (!name) continue;
    const std::string base = (stem.empty() ? "" : stem + "-") + file_name(*name);
    files.back() = base + ".svg";
    for (int i = 2; !taken.insert(files.back()).second; ++i) {
      files.back() = fmt::format("{}-{}.svg", base, i);
    }
  }
  return files;
}

std::vector<Picture> draw_pictures(const Document& document, const std::string& stem) {
  std::vector<Picture> pictures;
  const std::vector<std::string> files = picture_files(document, stem);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (const std::optional<Drawing> drawing = drawing_of(document.blocks[i])) {
      pictures.push_back({files[i], render_svg(*drawing, SvgUse::file)});
    }
  }
  return pictures;
}

std::string render_picture(const Document& document) {
  std::vector<Drawing> drawings;
  for (const Block& block : document.blocks) {
    if (std::optional<Drawing> drawing = drawing_of(block)) drawings.push_back(*std::move(drawing));
  }
  return render_svg(stacked(drawings), SvgUse::file);
}

}  // namespace llmarch::reports
