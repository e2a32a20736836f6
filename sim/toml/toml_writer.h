// Writes a spec as the TOML that toml_loader.h reads, field by field as fields.h declares them.
#pragma once

#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// `remarks` stand at the top as comments, one line each. Read back, the text gives `spec` again.
std::string write_toml_spec(const ArchSpec& spec, const std::vector<std::string>& remarks);

}  // namespace llmarch
