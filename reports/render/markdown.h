// A Document as GitHub-flavoured Markdown: headings, tables, fences and lists. Characters that
// Markdown would interpret are escaped, so that the Document's text is shown as it is.
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"

namespace llmarch::reports {

// `pictures` names the file of each block's picture, as picture_files() does. A chart or diagram
// without one is drawn in characters.
std::string render_markdown(const Document& document,
                            const std::vector<std::string>& pictures = {});

}  // namespace llmarch::reports
