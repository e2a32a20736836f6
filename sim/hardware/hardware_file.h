// Hardware from TOML and back, with the diagnostics that specs have: every problem of a file at
// once, each with its place and remedy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/hardware/hardware.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// Either complete hardware and no problems, or none and at least one problem.
struct HardwareLoad {
  std::optional<Hardware> hardware;
  std::vector<Diagnostic> problems;
};

HardwareLoad load_toml_hardware(std::string_view text);

// `remarks` stand at the top as comments, one line each. Read back, the text gives `hardware`
// again.
std::string write_toml_hardware(const Hardware& hardware, const std::vector<std::string>& remarks);

}  // namespace llmarch
