// One model as stable JSON and CSV. schemas/show.schema.json is the schema of the JSON.
#pragma once

#include <optional>
#include <string>

#include "sim/study/operations.h"

namespace llmarch::reports {

// Structure, parameters, memory in the setting and the weights of each block; with `operations`
// also the predicted book operation by operation.
std::string show_json(const Model& model, const Setting& setting,
                      const std::optional<OperationTable>& operations);

// A line for each weight of a block; or, with `operations`, for each operation. Figures are those
// of one layer for weights and of all layers of the block for operations; `layers` says how many.
std::string show_csv(const Model& model, const Setting& setting,
                     const std::optional<OperationTable>& operations);

}  // namespace llmarch::reports
