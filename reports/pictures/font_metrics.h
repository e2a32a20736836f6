// How wide text is in a picture, before it is drawn. A viewer takes the first sans serif that it
// has; the widths are those of DejaVu Sans, the widest of those that are usual, so that text that
// fits here fits everywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmarch::reports {

enum class Weight { regular, bold };

// The families a picture asks for, in CSS.
inline constexpr std::string_view kPictureFonts =
    "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

// In the unit of `size`. Every character outside ASCII counts as a wide one.
double text_width(std::string_view text, double size, Weight weight);

// Lines of at most `width`, broken at spaces; a word that is wider stands alone.
std::vector<std::string> wrap_to(std::string_view text, double width, double size, Weight weight);

}  // namespace llmarch::reports
