// A Document as one self-contained HTML page: it makes no request (its own content policy forbids
// them), is light or dark as the reader's system is, sorts a table on a click on a heading, holds
// its pictures, and can be read on a phone.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

std::string render_html(const Document& document);

}  // namespace llmarch::reports
