// The pictures of a document: its charts and diagrams, and what their files are called beside a
// report that names them. Nothing else decides these names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/document/document.h"
#include "reports/pictures/drawing.h"

namespace llmarch::reports {

// Of a chart or diagram; nothing for other blocks.
std::optional<Drawing> drawing_of(const Block& block);

bool has_pictures(const Document& document);

// For each block the name of its picture's file, empty where it has none: "report-blocks.svg" for
// the stem "report", "blocks.svg" for an empty one. Names that occur twice are numbered.
std::vector<std::string> picture_files(const Document& document, const std::string& stem);

struct Picture {
  std::string file;
  std::string svg;
};

std::vector<Picture> draw_pictures(const Document& document, const std::string& stem);

// Every picture of the document in one, one below the other.
std::string render_picture(const Document& document);

}  // namespace llmarch::reports
