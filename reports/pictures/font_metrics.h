// How wide text is in a picture, before it is drawn. A viewer uses the first sans-serif font that
// it has. The widths here are those of DejaVu Sans, the widest of the usual ones, so that a text
// that fits here fits everywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmarch::reports {

enum class Weight { regular, bold };

// The font families that a picture's CSS names.
inline constexpr std::string_view kPictureFonts =
    "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

// In the unit of `size`. Every character outside ASCII counts as wide.
double text_width(std::string_view text, double size, Weight weight);

// Lines of at most `width`, broken at spaces; a wider word has a line to itself.
std::vector<std::string> wrap_to(std::string_view text, double width, double size, Weight weight);

}  // namespace llmarch::reports
