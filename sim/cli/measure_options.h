// What measure can be asked for. What it does where it is not asked differs between a run at full
// size and a scaled-down one, so it stands with the two and not here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "reports/say/cells.h"
#include "sim/cli/arguments.h"
#include "sim/setting/setting.h"

namespace llmarch::cli {

enum class Scale { full, scaled_down };

struct MeasureRequest {
  std::string model;  // a name or a path
  std::optional<std::filesystem::path> specs;
  Scale scale = Scale::full;
  PartialSetting setting;
  Integer threads;
  std::optional<Bytes> memory;
  std::optional<Integer> repeats;
  std::optional<std::filesystem::path> checkpoint;
  std::uint64_t seed = 1;
  reports::Digits digits = reports::Digits::rounded;
};

Options measure_options();

// Throws UsageError.
MeasureRequest measure_request(const Values& values);

// --threads, or all that can run here. Throws UsageError for more than those.
Integer threads_of(const Values& values);

}  // namespace llmarch::cli
