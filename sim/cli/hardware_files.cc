#include "sim/cli/hardware_files.h"

#include <fmt/format.h>

#include "sim/cli/embedded.h"
#include "sim/cli/errors.h"
#include "sim/cli/text_files.h"
#include "sim/hardware/hardware_file.h"
#include "sim/spec/meant_names.h"
#include "sim/toml/toml_loader.h"

namespace llmarch::cli {
namespace {

Hardware hardware_from_toml(const std::string& file, std::string_view text) {
  HardwareLoad load = load_toml_hardware(text);
  if (!load.hardware) refuse_file(file, text, std::move(load.problems));
  return std::move(*load.hardware);
}

bool names_a_hardware_file(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".toml");
}

}  // namespace

std::vector<Hardware> built_in_hardware() {
  std::vector<Hardware> all;
  for (const auto& [name, text] : embedded_hardware()) {
    all.push_back(hardware_from_toml(std::string(name), text));
  }
  return all;
}

Hardware find_hardware(const std::string& name) {
  for (const auto& [known, text] : embedded_hardware()) {
    if (known == name) return hardware_from_toml(name, text);
  }
  if (names_a_hardware_file(name)) {
    return hardware_from_toml(name, read_text(name, kLargestSpecFile, "a hardware file"));
  }
  std::vector<KnownName> known;
  for (const Hardware& machine : built_in_hardware()) {
    known.push_back({machine.name, {machine.title}});
  }
  throw UsageError(fmt::format("unknown hardware '{}'", name),
                   suggest(name, known) + "\n      = or give a path to a .toml file");
}

}  // namespace llmarch::cli
