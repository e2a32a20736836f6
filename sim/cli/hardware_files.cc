#include "sim/cli/hardware_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "sim/cli/arguments.h"
#include "sim/cli/embedded.h"
#include "sim/cli/errors.h"
#include "sim/cli/text_files.h"
#include "sim/hardware/hardware_file.h"
#include "sim/hardware/measured_file.h"
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

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char left, unsigned char right) {
    return std::tolower(left) == std::tolower(right);
  });
}

bool is_called(const Hardware& machine, const std::string& name) {
  if (same_name(machine.name, name)) return true;
  return machine.aliases && std::ranges::any_of(*machine.aliases, [&](const std::string& alias) {
           return same_name(alias, name);
         });
}

// The other names of a machine, for those who type only a part of one.
std::vector<std::string> other_names(const Hardware& machine) {
  std::vector<std::string> names = machine.aliases.value_or(std::vector<std::string>{});
  names.push_back(machine.title);
  if (machine.system && machine.system->name) names.push_back(*machine.system->name);
  return names;
}

Measurements read_measurements() {
  Measurements all;
  for (const auto& [name, text] : embedded_measured()) {
    MeasurementsLoad load = load_toml_measurements(text);
    if (!load.measurements) refuse_file(std::string(name), text, std::move(load.problems));
    std::ranges::move(load.measurements->machine, std::back_inserter(all.machine));
    std::ranges::move(load.measurements->engine, std::back_inserter(all.engine));
  }
  return all;
}

// With what operations were measured to take on its chip, where they were.
Hardware with_times(Hardware machine) {
  for (const MachineTimes& times : built_in_measurements().machine) {
    if (std::ranges::find(times.machines, machine.name) == times.machines.end()) continue;
    machine.times = std::make_shared<const MachineTimes>(times);
  }
  return machine;
}

// One device: a name or alias of a built-in machine, or a file.
Hardware find_device(const std::string& name, std::vector<Hardware> built_in) {
  if (names_a_hardware_file(name)) {
    return hardware_from_toml(name, read_text(name, kLargestSpecFile, "a hardware file"));
  }
  std::vector<KnownName> known;
  for (Hardware& machine : built_in) {
    if (is_called(machine, name)) return with_times(std::move(machine));
    known.push_back({machine.name, other_names(machine)});
  }
  throw UsageError(fmt::format("unknown hardware '{}'", name),
                   suggest(name, known) + "\n      = or give a path to a .toml file");
}

// The machine with the memory that is fitted, as the text after '@' says.
Hardware with_memory(Hardware machine, const std::string& memory) {
  machine.memory = {parse_bytes("on", memory).amount(), "as fitted: " + memory};
  machine.name += "@" + memory;
  machine.title += ", " + memory + " fitted";
  return machine;
}

// The built-in machine whose own name that is, without reading the others; none where there is
// none.
std::optional<Hardware> machine_named(const std::string& name) {
  for (const auto& [known, text] : embedded_hardware()) {
    if (same_name(known, name)) return hardware_from_toml(std::string(known), text);
  }
  return std::nullopt;
}

// "2x8xh100-sxm": how many systems of how many devices. A number that is not given is 1.
struct Counted {
  std::vector<Integer> counts;  // at most two
  std::string device;
};

Counted counted(std::string name) {
  Counted parts{{}, std::move(name)};
  while (parts.counts.size() < 2) {
    const std::size_t end = parts.device.find_first_not_of("0123456789");
    if (end == 0 || end == std::string::npos || parts.device[end] != 'x') break;
    parts.counts.push_back(parse_count("on", parts.device.substr(0, end), kMostDevices));
    parts.device.erase(0, end + 1);
  }
  return parts;
}

void refuse_too_many(const Hardware& machine) {
  if (!machine.system || machine.devices <= machine.system->devices) return;
  throw UsageError(fmt::format("--on {}: a link joins at most {} devices", machine.name,
                               machine.system->devices.value()),
                   fmt::format("write systems of at most so many, as 2x{}xNAME: two of them",
                               machine.system->devices.value()));
}

// `name` is that of a system with a name of its own.
Hardware system_of(Hardware device, Integer devices, Integer systems, const std::string& name) {
  device.devices = devices;
  device.systems = systems;
  if (!name.empty()) {
    device.name = name;
  } else {
    device.name = fmt::format("{}x{}", devices.value(), device.name);
    if (systems > 1) device.name = fmt::format("{}x{}", systems.value(), device.name);
  }
  device.title = fmt::format("{} × {}", device.all_devices().value(), device.title);
  refuse_too_many(device);
  return device;
}

// `name` says nothing of memory.
Hardware find_machine(const std::string& name) {
  const auto [counts, device] = counted(name);
  std::optional<Hardware> named = machine_named(device);
  std::vector<Hardware> built_in = named ? std::vector<Hardware>{} : built_in_hardware();
  for (Hardware& machine : built_in) {
    const auto& system = machine.system;
    if (system && system->name && same_name(*system->name, name)) {
      const LargestSystem largest = *system;
      return system_of(std::move(machine), largest.devices, 1, *largest.name);
    }
  }
  Hardware one = named ? with_times(std::move(*named)) : find_device(device, std::move(built_in));
  if (counts.empty()) return one;
  const Integer systems = counts.size() == 2 ? counts.front() : Integer(1);
  return system_of(std::move(one), counts.back(), systems, {});
}

// A path may have an '@' of its own.
Hardware find_fitted(const std::string& name) {
  const std::size_t at = name.rfind('@');
  if (at == std::string::npos || name.find('/', at) != std::string::npos) return find_machine(name);
  return with_memory(find_machine(name.substr(0, at)), name.substr(at + 1));
}

}  // namespace

const Measurements& built_in_measurements() {
  static const Measurements all = read_measurements();
  return all;
}

std::vector<Hardware> built_in_hardware() {
  std::vector<Hardware> all;
  for (const auto& [name, text] : embedded_hardware()) {
    all.push_back(hardware_from_toml(std::string(name), text));
  }
  return all;
}

// The machine that `host` names is looked for once: a host's own host is of no interest.
Hardware find_hardware(const std::string& name) {
  Hardware machine = find_fitted(name);
  if (machine.host)
    machine.host_machine = std::make_shared<const Hardware>(find_fitted(*machine.host));
  return machine;
}

}  // namespace llmarch::cli
