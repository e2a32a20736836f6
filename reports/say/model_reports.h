// Documents about models: the list of the known ones, and the page of a single one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/hardware/hardware.h"
#include "sim/study/model.h"
#include "sim/study/operations.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch::reports {

struct ListedModel {
  const Model* model;
  std::string origin;  // "built in", or the file
};

Document list_document(const std::vector<ListedModel>& models,
                       const std::vector<Hardware>& hardware, const std::vector<Study>& studies);

// How the weights are stored in the setting, where that takes more than a word; structure,
// parameters by component, and blocks with their weights; with `operations`, also the predicted
// book operation by operation.
Document show_document(const Model& model, const Setting& setting,
                       const std::optional<OperationTable>& operations, Digits digits);

}  // namespace llmarch::reports
