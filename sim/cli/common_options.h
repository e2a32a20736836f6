// Options that several commands share, and what they become. Their defaults stand here and nowhere
// else.
#pragma once

#include <filesystem>
#include <optional>

#include "reports/say/cells.h"
#include "sim/cli/arguments.h"
#include "sim/study/compare.h"

namespace llmarch::cli {

// --context, --batch, --weights, --kv
void declare_settings(Options& options);
Settings settings_of(const Values& values);

// --specs
void declare_specs(Options& options);
std::optional<std::filesystem::path> specs_folder(const Values& values);

// --exact
void declare_digits(Options& options);
reports::Digits digits_of(const Values& values);

// What was written after --name.
std::string text_of(const Values& values, const char* name);

}  // namespace llmarch::cli
