// The options of measure. Defaults differ between a run at full size and a scaled-down one, so each
// of the two keeps its own and this file has none.
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

// --threads, or as many as can run here. Throws UsageError for more than that.
Integer threads_of(const Values& values);

}  // namespace llmarch::cli
