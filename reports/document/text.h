// How wide UTF-8 text is on a terminal, and where its lines may be broken. Width is counted in code
// points: combining marks have none, and East Asian wide characters count as one, since no report
// has any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch::reports {

std::size_t display_width(std::string_view text);

// The text with every control character but the line feed escaped, and bytes that are not UTF-8
// replaced by U+FFFD: names come from files, and an escape sequence in one must not reach the
// terminal.
std::string printable(std::string_view text);

// Lines of at most `width` >= 1 columns, at least one line. A line ends at a '\n' or a space. A
// word that is wider than a line is broken after a comma, hyphen, slash or underscore, and else
// anywhere. A no-break space (U+00A0) keeps a figure and its unit together. The text is made
// printable.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// Lines that begin with a space stand as they are; those around an empty line are one paragraph
// each, wrapped to the width. Ends with a '\n' where the text does.
std::string reflow(std::string_view text, std::size_t width);

// The narrowest width at which wrap() breaks only at spaces and the marks above.
std::size_t widest_piece(std::string_view text);

}  // namespace llmarch::reports
