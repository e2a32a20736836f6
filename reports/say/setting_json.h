// A setting in the stable JSON and CSV: a member for each field, under the field's key.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch::reports {

// The fields that are given; of a machine its name.
nlohmann::ordered_json setting_json(const PartialSetting& setting);

// Every field as it holds for the model: a prompt and formats that are not said are those that
// follow, and a machine that is not there is null. Columns by which tables can be joined.
nlohmann::ordered_json setting_columns(const Model& model, const Setting& setting);

}  // namespace llmarch::reports
