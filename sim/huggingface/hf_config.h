// Reads an ArchSpec from a Hugging Face config.json, for the known model types. Fields that a
// published config leaves to its library are filled in by that library's rules, and recorded.
#pragma once

#include <string>
#include <string_view>

#include "sim/huggingface/config_load.h"

namespace llmarch {

// What the user states about a config in addition to its fields.
struct ImportOptions {
  std::vector<std::string> pass_over =
      {};                         // fields that code of the repository's own does not read
  std::optional<Head> head = {};  // instead of the one that the config names
  std::string quantization = {};  // the text of hf_quant_config.json; empty: there is none
};

// `name` becomes the spec's name.
ConfigLoad load_hf_config(std::string_view text, const std::string& name,
                          const ImportOptions& options = {});

}  // namespace llmarch
