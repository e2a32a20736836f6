// A setting in the stable JSON: a member for each given field, under the field's key.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/setting/setting.h"

namespace llmarch::reports {

// An object without the machine, which has an object of its own.
nlohmann::ordered_json setting_json(const PartialSetting& setting);

}  // namespace llmarch::reports
