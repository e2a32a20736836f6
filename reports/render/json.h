// Any document as JSON: its tables with exact values. A comparison has a stable format of its own
// (compare_json.h); this one follows the document and may change with it.
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

std::string render_json(const Document& document);

}  // namespace llmarch::reports
