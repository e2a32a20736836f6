// A Drawing as SVG, with text that can be selected, colours for light and dark pages, and nothing
// that has to be fetched. The colours of series are those of Okabe and Ito, which people with the
// common kinds of colour blindness can tell apart.
#pragma once

#include <string>

#include "reports/pictures/drawing.h"

namespace llmarch::reports {

// file: a picture by itself, with its style sheet and a background. page: an element for an HTML
// page that has picture_style().
enum class SvgUse { file, page };

std::string render_svg(const Drawing& drawing, SvgUse use);

// The style sheet of every picture.
std::string picture_style();

}  // namespace llmarch::reports
