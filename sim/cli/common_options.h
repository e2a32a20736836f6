// Options that several commands share, and the values read from them.
#pragma once

#include <filesystem>
#include <optional>

#include "reports/say/cells.h"
#include "sim/cli/arguments.h"
#include "sim/cli/setting_options.h"

namespace llmarch::cli {

inline constexpr const char* kMachineNames = "A name that 'llmarch list' shows, or a .toml";

// The context, the batch and the formats of one setting.
TakenFields common_fields();
// --on, which adds figures for the machine.
TakenField machine_field();

// --specs
void declare_specs(Options& options);
std::optional<std::filesystem::path> specs_folder(const Values& values);

// --exact
void declare_digits(Options& options);
reports::Digits digits_of(const Values& values);

// The text given after --name.
std::string text_of(const Values& values, const char* name);

}  // namespace llmarch::cli
