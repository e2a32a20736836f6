// The keys of a GGUF header as the fields of a Hugging Face config, so that one reader knows what
// an architecture is. This file knows how the two name the same things.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kernels/weight_files/gguf_file.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// As the file calls it; "" where it does not say.
std::string architecture_of(const GgufModel& file);

struct GgufConfig {
  nlohmann::json config;  // null where there are problems
  std::vector<Diagnostic> problems;
};

GgufConfig config_of(const GgufModel& file);

}  // namespace llmarch
