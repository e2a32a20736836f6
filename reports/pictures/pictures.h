// The pictures of a document (its charts and diagrams), and the names of their files next to the
// report that refers to them. No other file decides these names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/document/document.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

// The drawing of a chart or diagram; none for other blocks.
std::optional<Drawing> drawing_of(const Block& block);

bool has_pictures(const Document& document);

// The name of each block's picture, empty where it has none: "report-blocks.svg" for the stem
// "report", "blocks.svg" for an empty stem. Names that would occur twice are numbered.
std::vector<std::string> picture_files(const Document& document, const std::string& stem);

struct Picture {
  std::string file;
  std::string svg;
};

std::vector<Picture> draw_pictures(const Document& document, const std::string& stem);

// All pictures of the document in one drawing, one below another.
std::string render_picture(const Document& document);

}  // namespace llmarch::reports
