// Writes a spec as the TOML that toml_loader.h reads, field by field as fields.h declares them, and
// hardware as hardware_file.h reads it.
#pragma once

#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"
#include "sim/spec/hardware.h"

namespace llmarch {

// `remarks` stand at the top as comments, one line each. Read back, the text gives `spec` again.
std::string write_toml_spec(const ArchSpec& spec, const std::vector<std::string>& remarks);
std::string write_toml_hardware(const Hardware& hardware, const std::vector<std::string>& remarks);

}  // namespace llmarch
