// Formats that other programs make of ours: PNG of SVG by rsvg-convert (Debian: librsvg2-bin), and
// PDF of HTML by a browser without a window (Debian: chromium), since no other program in Debian
// lays out the report's own page, with its pictures, as people see it. Both are looked for when
// they are asked for, so llmarch needs neither.
#pragma once

#include <string>

namespace llmarch::cli {

// Whether the program is on the path.
bool can_rasterize();
bool can_print();

// Rendered at twice the picture's size, for high-density screens. Throws FileError with `name` when
// the program fails.
std::string rasterize(const std::string& svg, const std::string& name);

// The pages of an HTML document as its style sheet for print has them. Throws likewise.
std::string print_pdf(const std::string& html, const std::string& name);

}  // namespace llmarch::cli
