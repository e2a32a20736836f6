// How a checkpoint's weights are stored, as its config says: quantization_config and its older and
// newer forms, MLX's "quantization", and ModelOpt's hf_quant_config.json. What a scheme makes of a
// model's bytes is known by sim/formats.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/huggingface/config_load.h"

namespace llmarch {

// What the config says of storage, as a config of the whole repository or of the text model within
// it. Fills load.storage and notes what it is; a scheme that is not known is named in
// load.unknown_storage and never taken for another. The spec must have been read: which modules are
// left as they are depends on its layers.
void read_storage(const nlohmann::json& config, const nlohmann::json& text_config,
                  const ArchSpec& spec, ConfigLoad& load);

}  // namespace llmarch
