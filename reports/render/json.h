// Any document as JSON, with the exact values of its tables. This format follows the document and
// may change with it; a comparison has a stable one of its own (compare_json.h).
#pragma once

#include <string>

#include "reports/document/document.h"

namespace llmarch::reports {

std::string render_json(const Document& document);

}  // namespace llmarch::reports
