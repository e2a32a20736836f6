// A document as JSON with everything that a page needs to draw it and to answer a pointer: the
// texts for people beside the values, the names by which figures can be asked for, charts with
// their axes, diagrams drawn. It follows the document and may change with it; the page of site/
// reads it.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

std::string render_page(const Document& document);

}  // namespace llmarch::reports
