// The stable JSON of what is known: models, machines and studies. schemas/list.schema.json is its
// schema.
#pragma once

#include <string>
#include <vector>

#include "reports/say/model_reports.h"

namespace llmarch::reports {

std::string list_json(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
                      const std::vector<Study>& studies);

}  // namespace llmarch::reports
