// SVG to PNG, by a program of the system's: rsvg-convert (Debian: librsvg2-bin). Everything that
// llmarch draws itself is SVG.
#pragma once

#include <string>

namespace llmarch::cli {

// Whether the program is on the path.
bool can_rasterize();

// Twice the picture's size, for screens of high density. Throws FileError named `name` when the
// program fails.
std::string rasterize(const std::string& svg, const std::string& name);

}  // namespace llmarch::cli
