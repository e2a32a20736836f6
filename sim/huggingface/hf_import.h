// What the functions of the model types work on: the fields of the config, and what becomes of
// them.
#pragma once

#include "sim/huggingface/config_load.h"
#include "sim/huggingface/hf_reader.h"

namespace llmarch {

// The reason of a fill that the library's own configuration class gives.
inline constexpr const char* kTypeDefault = "this model type's default";

struct Import {
  ConfigReader& config;
  ConfigLoad& load;
};

}  // namespace llmarch
