// What is known, as stable JSON and CSV: models, machines and studies. schemas/list.schema.json is
// the schema of the JSON.
#pragma once

#include <string>
#include <vector>

#include "reports/say/model_reports.h"

namespace llmarch::reports {

std::string list_json(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
                      const std::vector<Study>& studies);

// The same, a line each; `kind` says whether it is a model, hardware or a study.
std::string list_csv(const std::vector<ListedModel>& models, const std::vector<Hardware>& hardware,
                     const std::vector<Study>& studies);

}  // namespace llmarch::reports
