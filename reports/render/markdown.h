// A Document as GitHub-flavoured Markdown: headings, tables, fences and lists that show the
// Document's text as it is, whatever Markdown would read into its characters.
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"

namespace llmarch::reports {

// `pictures` has the file of each block's picture, as picture_files() gives them; without one a
// chart or diagram is drawn in characters.
std::string render_markdown(const Document& document,
                            const std::vector<std::string>& pictures = {});

}  // namespace llmarch::reports
