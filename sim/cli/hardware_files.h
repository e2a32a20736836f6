// Which machines are known, and how the value of --on becomes one: a built-in name or alias, a
// path, or one of these many times: "8xh100-sxm" is a system of eight, "2x8xh100-sxm" two of them;
// "epyc-9575f@768GB" is the machine with so much memory, in each of its devices.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/hardware/hardware.h"

namespace llmarch::cli {

// Those of arch_specs/hardware, in the order of their names.
std::vector<Hardware> built_in_hardware();

// Those of arch_specs/measured, which are read when they are first asked for, and once.
const Measurements& built_in_measurements();

// A built-in name, or a path to a .toml. Throws UsageError, FileError or BadInput.
Hardware find_hardware(const std::string& name);

}  // namespace llmarch::cli
