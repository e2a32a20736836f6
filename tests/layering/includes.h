// Which file of the project includes which, and what of that the layers forbid.
//
//   units < spec < graph < { cost | kernels } < study < reports < cli
//
// A file may include its own layer and what stands left of it; cost and kernels never include each
// other, not even through other headers. The files of reports that draw know nothing of sim.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace llmarch {

// From a file to the project's files that it includes: {"sim/dtype.h", {"sim/units.h"}}.
using Includes = std::map<std::string, std::vector<std::string>>;

// Of sim, kernels and reports. Benchmarks stand beside what they time and are no part of a layer.
Includes read_includes(const std::filesystem::path& sources);

// Every include that must not be, as a sentence; empty when the layers are kept.
std::vector<std::string> violations(const Includes& includes);

}  // namespace llmarch
