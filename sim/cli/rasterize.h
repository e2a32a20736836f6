// SVG to PNG by the system's rsvg-convert (Debian: librsvg2-bin). llmarch itself draws only SVG.
#pragma once

#include <string>

namespace llmarch::cli {

// Whether the program is on the path.
bool can_rasterize();

// Rendered at twice the picture's size, for high-density screens. Throws FileError with `name` when
// the program fails.
std::string rasterize(const std::string& svg, const std::string& name);

}  // namespace llmarch::cli
