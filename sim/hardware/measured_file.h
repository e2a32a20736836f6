// Measurements from TOML and back, with the diagnostics that specs have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/hardware/measured.h"
#include "sim/spec/diagnostics.h"

namespace llmarch {

// Either complete measurements and no problems, or none and at least one problem.
struct MeasurementsLoad {
  std::optional<Measurements> measurements;
  std::vector<Diagnostic> problems;
};

MeasurementsLoad load_toml_measurements(std::string_view text);

// `remarks` stand at the top as comments, one line each. Read back, the text gives `measurements`
// again.
std::string write_toml_measurements(const Measurements& measurements,
                                    const std::vector<std::string>& remarks);

}  // namespace llmarch
