// A Document as one HTML page that needs nothing else: no request leaves it (its own policy forbids
// them), light or dark as the reader's system is, tables that sort by a click on a heading,
// pictures inside, readable on a phone.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

std::string render_html(const Document& document);

}  // namespace llmarch::reports
