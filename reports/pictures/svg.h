// A Drawing as SVG: text that can be selected, colours for light and dark, nothing fetched. The
// colours of series are Okabe and Ito's, which the usual kinds of colour blindness tell apart.
#pragma once

#include <string>

#include "reports/pictures/drawing.h"

namespace llmarch::reports {

// file: a picture of its own, with the style sheet and a background; page: an element for an HTML
// page that has picture_style().
enum class SvgUse { file, page };

std::string render_svg(const Drawing& drawing, SvgUse use);

// The style sheet of every picture.
std::string picture_style();

}  // namespace llmarch::reports
