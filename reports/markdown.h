// A Document as GitHub-flavoured Markdown: headings, tables, fences and lists that show the
// Document's text as it is, whatever Markdown would read into its characters.
#pragma once

#include <string>

#include "reports/document.h"

namespace llmarch::reports {

std::string render_markdown(const Document& document);

}  // namespace llmarch::reports
