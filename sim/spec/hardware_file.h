// Hardware from TOML (toml_writer.h is the way back), with the diagnostics that specs have: every
// problem of a file at once, each with its place and remedy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/spec/diagnostics.h"
#include "sim/spec/hardware.h"

namespace llmarch {

// Either complete hardware and no problems, or none and at least one problem.
struct HardwareLoad {
  std::optional<Hardware> hardware;
  std::vector<Diagnostic> problems;
};

HardwareLoad load_toml_hardware(std::string_view text);

}  // namespace llmarch
