// Which file of the project includes which, and which of these includes the layers forbid.
//
//   units < spec < graph < { cost < study | kernels } < measure < reports < cli
//
// A file may include its own layer and those left of it; sim/cost and the kernels never include
// each other, not even through other headers. The files of reports that draw know nothing of sim.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace llmarch {

// From a file to the project's files that it includes: {"sim/dtype.h", {"sim/units.h"}}.
using Includes = std::map<std::string, std::vector<std::string>>;

// The files of sim, kernels and reports, without benchmarks, which are in no layer.
Includes read_includes(const std::filesystem::path& sources);

// The includes of headers that only some systems have: "sim/system/posix/system.cc includes
// sched.h".
std::vector<std::string> system_includes(const std::filesystem::path& sources);

// Every include that must not be, as a sentence; empty when the layers are kept.
std::vector<std::string> violations(const Includes& includes);

}  // namespace llmarch
